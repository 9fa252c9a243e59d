"""Messages and their schemas: field for field, and bad ones are undecodable."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.wire import COMMANDS, EVENTS, Undecodable, column, from_fields, to_fields
from outdial.donotcall import wire as donotcall
from outdial.messages.schemas import schema, schema_names
from tests.kit.campaign import CODEC, NOON_US, settings

OF_LISTS: dict[str, type] = {**donotcall.COMMANDS, **donotcall.EVENTS}
ALL: dict[str, type] = {**OF_LISTS, **COMMANDS, **EVENTS}
ALL_NAMES = sorted(ALL)


def test_every_schema_has_its_class_and_every_class_its_schema() -> None:
    assert {f"outdial.{name}" for name in {**COMMANDS, **donotcall.COMMANDS}} == schema_names("commands")
    assert {f"outdial.{name}" for name in {**EVENTS, **donotcall.EVENTS}} == schema_names("events")
    assert all(kind.__name__ == name for name, kind in ALL.items())


@pytest.mark.parametrize("name", ALL_NAMES)
def test_a_class_has_the_fields_of_its_schema(name: str) -> None:
    kind = ALL[name]

    assert {field.name for field in fields(kind)} == {
        field["name"] for field in schema(f"outdial.{name}")["fields"]
    }


def of_family(name: str) -> Callable[[str, dict[str, Any]], Any]:
    return donotcall.from_fields if name in OF_LISTS else from_fields


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_message_comes_out_of_avro_as_it_went_in(name: str) -> None:
    read = of_family(name)
    values = {field["name"]: _sample(field["type"]) for field in schema(f"outdial.{name}")["fields"]}

    message = read(name, values)
    _, decoded = CODEC.decode(CODEC.encode(f"outdial.{name}", to_fields(message)))

    assert to_fields(read(name, decoded)) == decoded == values


def test_settings_are_equal_after_the_journey() -> None:
    event = e.CampaignCreated(settings(agents=("anna",)))

    _, decoded = CODEC.decode(CODEC.encode("outdial.CampaignCreated", to_fields(event)))

    assert from_fields("CampaignCreated", decoded) == event


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("EndAttempts", {"dialer_epoch": 1, "record": [1, 2], "attempt": [1]}),
        ("AttemptsEnded", {"dialer_epoch": 1, "record": [1], "status": ["Fail", "Fail"]}),
        ("ExcludeRecords", {"record": [], "reason": ["Expired"]}),
        ("WithdrawAttempts", {"dialer_epoch": 1, "record": [1, 2], "cause": ["late"]}),
    ],
)
def test_columns_of_unequal_length_are_undecodable(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(Undecodable, match="values for"):
        from_fields(name, values)


def test_the_groups_of_an_upload_chunk_have_lengths_of_their_own() -> None:
    values = to_fields(
        c.AddRecords("u1", 0, "b", 1, row=[1, 2], invalid_row=[3], invalid_code=["phone-missing"])
    )

    assert from_fields("AddRecords", values)
    for group in ({"priority": [1]}, {"invalid_code": ["a", "b"]}):
        with pytest.raises(Undecodable):
            from_fields("AddRecords", {**values, **group})


def test_a_name_that_is_no_message_and_a_missing_field_are_undecodable() -> None:
    with pytest.raises(Undecodable, match="neither a command nor an event"):
        from_fields("CommandResult", {})
    with pytest.raises(Undecodable, match="upload_id is missing"):
        from_fields("WithdrawUpload", {})


def test_fields_of_a_newer_schema_are_left_out() -> None:
    assert from_fields("StopCampaign", {"why": "lunch"}) == c.StopCampaign()


def test_a_column_in_full() -> None:
    assert column([], 2, 7) == [7, 7]
    assert column([1, 2], 2, 7) == [1, 2]
    with pytest.raises(Undecodable):
        column([1], 2, 7)


def _sample(kind: Any) -> Any:
    """A value of an Avro type; arrays hold two, so that columns are equally long."""
    if isinstance(kind, list):
        return _sample(kind[-1])
    if isinstance(kind, dict):
        match kind["type"]:
            case "array":
                return [_sample(kind["items"]), _sample(kind["items"])]
            case "map":
                return {"Expired": _sample(kind["values"])}
            case "record":
                return {field["name"]: _sample(field["type"]) for field in kind["fields"]}
            case other:
                return _sample(other)
    samples = {"string": "text", "int": 7, "long": NOON_US, "bytes": b"bytes", "boolean": True}
    return samples[kind]
