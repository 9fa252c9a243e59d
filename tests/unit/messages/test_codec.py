"""Single-object encoding: what is not ours is refused with its reason, never guessed at."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.messages.codec import Codec, Undecodable, UnknownSchema
from outdial.messages.compat import differences
from outdial.messages.envelope import Envelope, microseconds, timestamp
from outdial.messages.hashchain import FIRST, link
from outdial.messages.persons import PersonsBlock, decode_block, encode_block, without_rows

CODEC = Codec()
STOP = CODEC.encode("outdial.UndoCommand", {"command_id": "c-1"})


def test_what_was_encoded_is_decoded() -> None:
    assert CODEC.decode(STOP) == ("outdial.UndoCommand", {"command_id": "c-1"})


@pytest.mark.parametrize("data", [b"", b"\xc3", b"plain text, no frame", STOP[:-1], STOP + b"x"])
def test_damaged_bytes_are_undecodable(data: bytes) -> None:
    with pytest.raises(Undecodable):
        CODEC.decode(data)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for candidate in (data, STOP[:10] + data):
        try:
            CODEC.decode(candidate)
        except Undecodable:
            continue


def test_an_unpublished_schema_is_named_and_can_be_learned() -> None:
    newer = {"type": "record", "name": "outdial.Later", "fields": [{"name": "x", "type": "int"}]}
    theirs = Codec([json.dumps(newer)])
    data = theirs.encode("outdial.Later", {"x": 1})

    with pytest.raises(UnknownSchema) as caught:
        CODEC.decode(data)
    ours = Codec()
    assert ours.learn(json.dumps(newer)) == caught.value.fingerprint
    assert ours.decode(data) == ("outdial.Later", {"x": 1})


def test_an_older_writing_is_read_as_the_newest() -> None:
    old = {"type": "record", "name": "outdial.Thing", "fields": [{"name": "a", "type": "int"}]}
    new = {**old, "fields": [*old["fields"], {"name": "b", "type": "string", "default": "none"}]}
    codec = Codec([json.dumps(new)])
    codec.learn(json.dumps(old))

    assert codec.decode(Codec([json.dumps(old)]).encode("outdial.Thing", {"a": 1}))[1] == {
        "a": 1,
        "b": "none",
    }


def test_equal_fingerprints_are_refused() -> None:
    same = {"type": "record", "name": "outdial.Thing", "fields": [{"name": "a", "type": "int"}]}
    with pytest.raises(ValueError, match="equal fingerprints"):
        Codec([json.dumps(same), json.dumps({**same, "doc": "documentation is no part of it"})])


def test_a_field_without_default_breaks_compatibility() -> None:
    old = {"type": "record", "name": "outdial.Thing", "fields": []}
    new = {"type": "record", "name": "outdial.Thing", "fields": [{"name": "a", "type": "int"}]}
    assert differences(old, new) == ["a: missing in the other version and without a default"]


@given(st.integers(min_value=0, max_value=4_000_000_000_000_000))
def test_instants_survive_text(time_us: int) -> None:
    assert microseconds(timestamp(time_us)) == time_us


def test_an_instant_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        microseconds("2026-11-25T10:00:00")


def test_a_missing_header_is_named() -> None:
    envelope = Envelope(id="1", type="outdial.StopCampaign", source="s", subject="spring", time_us=1)
    headers = tuple(pair for pair in envelope.headers() if pair[0] != "ce_subject")
    with pytest.raises(Undecodable, match="header ce_subject missing"):
        Envelope.of(headers)
    with pytest.raises(Undecodable, match="ce_id, ce_type, ce_source, ce_subject, ce_time, ce_specversion"):
        Envelope.of(())


def test_a_header_without_content_is_an_empty_one() -> None:
    """Kafka knows such headers; a client of the command topic may write what it likes."""
    envelope = Envelope("1", "outdial.StopCampaign", "s", "spring", 1)
    with_nothing: Any = (*envelope.headers(), ("ce_actor", None), ("x-other", None))
    assert Envelope.of(with_nothing) == envelope
    with_empty = (*envelope.headers(), ("ce_actor", b""), ("x-other", b""))
    assert link(FIRST, 1, b"spring", with_nothing, STOP) == link(FIRST, 1, b"spring", with_empty, STOP)
    without_id: Any = tuple(
        (name, None if name == "ce_id" else content) for name, content in envelope.headers()
    )
    with pytest.raises(Undecodable, match="ce_id missing"):
        Envelope.of(without_id)


@pytest.mark.parametrize("name", ["ce_expectedversion", "ce_expirytime", "ce_sequence"])
def test_a_condition_that_is_empty_is_malformed_and_not_absent(name: str) -> None:
    envelope = Envelope("1", "outdial.StopCampaign", "s", "spring", 1)
    with pytest.raises(Undecodable, match="malformed"):
        Envelope.of((*envelope.headers(), (name, b"")))


def test_of_a_name_that_stands_there_twice_the_envelope_takes_the_last_and_the_chain_signs_both() -> None:
    one = Envelope("1", "outdial.StopCampaign", "s", "spring", 1).headers()
    first, second = (
        (*one, ("ce_actor", b"a"), ("ce_actor", b"b")),
        (*one, ("ce_actor", b"b"), ("ce_actor", b"a")),
    )
    assert (Envelope.of(first).actor, Envelope.of(second).actor) == ("b", "a")
    chained = {link(FIRST, 1, b"spring", headers, STOP).hash for headers in (first, second)}
    assert chained == {link(FIRST, 1, b"spring", tuple(sorted(first)), STOP).hash}, "in the order of contents"
    assert link(FIRST, 1, b"spring", (*one, ("ce_actor", b"b")), STOP).hash not in chained


@pytest.mark.parametrize("part", ["key", "header", "value", "epoch", "previous"])
def test_any_edit_changes_the_hash(part: str) -> None:
    plain: dict[str, object] = {"key": b"k", "header": b"h", "value": b"v", "epoch": 1, "previous": FIRST}
    edited = {**plain, part: 2 if part == "epoch" else bytes(31) + b"x" if part == "previous" else b"edited"}

    def digest(p: dict[str, object]) -> bytes:
        return link(p["previous"], p["epoch"], p["key"], (("ce_id", p["header"]),), p["value"]).hash  # type: ignore[arg-type]  # typed by the keys above

    assert digest(plain) != digest(edited)


def block(rows: int) -> PersonsBlock:
    return PersonsBlock(
        stream="spring",
        upload_id="u-1",
        kind="records",
        block_row=list(range(rows)),
        salt=[bytes([row]) * 16 for row in range(rows)],
        phone=[f"+1415555{row:04d}" for row in range(rows)],
        name=[f"Name {row}" for row in range(rows)],
        columns=["City"],
        extra=[[f"City {row}" for row in range(rows)]],
    )


def test_an_erasure_takes_the_rows_and_leaves_the_commitments_of_the_others() -> None:
    before = block(4)

    after = without_rows(before, {1, 2})

    assert after is not None
    assert after.block_row == [0, 3]
    assert after.commitments() == [before.commitments()[0], before.commitments()[3]]
    assert (after.place(3), after.place(1)) == (1, None)
    assert b"Name 1" not in encode_block(CODEC, after)


def test_an_erasure_of_all_rows_leaves_nothing() -> None:
    assert without_rows(block(2), {0, 1}) is None


def test_a_block_survives_its_bytes() -> None:
    assert decode_block(CODEC, encode_block(CODEC, block(3))) == replace(block(3), cells=[])


def test_columns_of_different_length_are_undecodable() -> None:
    broken = PersonsBlock("spring", "u", "records", [0, 1], [bytes(16)] * 2, phone=["+1"], name=["a", "b"])
    with pytest.raises(Undecodable, match="length"):
        decode_block(CODEC, encode_block(CODEC, broken))
