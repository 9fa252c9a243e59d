"""Records from programs: one request, every row answered, the same rules as a file."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from outdial.campaign.commands import BeginUpload
from tests.unit.api.fakes import CAMPAIGN, Api, accepted, rejected

PATH = f"/v1/campaigns/{CAMPAIGN}/records"


def phones(count: int) -> list[dict[str, Any]]:
    return [{"PhoneNumber": f"+4420794{n:05d}"} for n in range(60000, 60000 + count)]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    api = Api(tmp_path)
    yield api
    await api.uploads.stop()


async def test_each_row_is_answered_in_its_order(api: Api) -> None:
    api.ports.duplicates = [(3, "duplicate-in-campaign")]
    rows = [
        {"PhoneNumber": "+442079460001", "Name": "Asha", "Priority": 7},
        {"PhoneNumber": "12"},
        {"phone_number": "020 7946 0002"},
        {"PhoneNumber": "+442079460001"},
        {"PhoneNumber": "+442079460003"},
    ]
    async with api.client() as client:
        answer = await client.post(PATH, json={"records": rows}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200, answer.text
    told = [
        (row["row"], row["status"], row.get("record_id"), row.get("code")) for row in answer.json()["rows"]
    ]
    assert told == [
        (1, "accepted", "1", None),
        (2, "invalid", None, "phone-invalid"),
        (3, "duplicate", None, "duplicate-in-campaign"),
        (4, "duplicate", None, "duplicate-in-file"),
        (5, "accepted", "2", None),
    ]
    assert answer.headers["outdial-command-id"] == answer.json()["command_id"] == "k"


async def test_a_thousand_rows_go_in_two_chunks(api: Api) -> None:
    async with api.client() as client:
        answer = await client.post(PATH, json={"records": phones(1_000)})
    assert [len(chunk.rows) for _, chunk in api.ports.taken] == [500, 500]
    assert [row["record_id"] for row in answer.json()["rows"]] == [str(n) for n in range(1, 1_001)]


async def test_the_same_request_under_the_same_key_is_the_same_command(api: Api) -> None:
    async with api.client({"Idempotency-Key": "k"}) as client:
        await client.post(PATH, json={"records": phones(2)})
        await client.post(PATH, json={"records": phones(2)})
        await client.post(PATH, json={"records": phones(3)})
    first, again, other = [request.command for request in api.sender.asked]
    assert isinstance(first, BeginUpload)
    assert first == again
    assert first != other
    assert {request.command_id for request in api.sender.asked} == {"k"}


async def test_what_was_answered_before_is_answered_again(api: Api) -> None:
    async with api.client({"Idempotency-Key": "k"}) as client:
        first = await client.post(PATH, json={"records": phones(2)})
        api.sender.answer = lambda request: accepted(request, replayed=True)
        again = await client.post(PATH, json={"records": phones(2)})
    assert again.json() == first.json()
    assert again.headers["outdial-replayed"] == "true"
    assert len(api.ports.commits) == 1


async def test_all_or_nothing_with_an_invalid_row_leaves_no_trace(api: Api) -> None:
    body = {"records": [{"PhoneNumber": "12"}], "mode": "all-or-nothing"}
    async with api.client() as client:
        answer = await client.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "rows-invalid")
    assert answer.json()["rows"][0]["code"] == "phone-invalid"
    assert api.sender.asked == []


async def test_a_number_that_is_on_a_list_is_refused(api: Api) -> None:
    api.ports.on_a_list = ["+442079460001"]
    records = [{"PhoneNumber": "020 7946 0001", "Name": "Asha"}, {"PhoneNumber": "020 7946 0002"}]
    async with api.client() as client:
        first = await client.post(PATH, json={"records": records})
        whole = await client.post(PATH, json={"records": records, "mode": "all-or-nothing"})
    told = [(row["status"], row.get("code"), row.get("record_id")) for row in first.json()["rows"]]
    assert told == [("invalid", "do-not-call", None), ("accepted", None, "1")]
    assert (whole.status_code, whole.json()["code"]) == (422, "rows-invalid")


async def test_an_undeclared_column_is_named(api: Api) -> None:
    async with api.client() as client:
        answer = await client.post(PATH, json={"records": [{"PhoneNumber": "1", "Shoe": "44"}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "column-unknown")
    assert answer.json()["columns"] == ["Shoe"]


async def test_a_position_that_takes_no_data_sends_no_record(api: Api) -> None:
    api.sender.answer = lambda request: rejected(request, "position-does-not-allow", allowed=["StopCampaign"])
    async with api.client() as client:
        answer = await client.post(PATH, json={"records": phones(1)})
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["stop"])
    assert api.ports.taken == []


@pytest.mark.parametrize("records", [[], phones(1_001), "none", [[1]]])
async def test_a_request_of_another_form_is_refused(records: object, api: Api) -> None:
    async with api.client() as client:
        answer = await client.post(PATH, json={"records": records})
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
