"""Uploading over HTTP: what cannot be taken is refused at once, what can is answered 202 and then its receipt."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from outdial.campaign.commands import BeginUpload, WithdrawUpload
from outdial.messages.persons import PersonsBlock
from services.api.uploads import queue
from tests.unit.api.fakes import CAMPAIGN, Api, rejected

PATH = f"/v1/campaigns/{CAMPAIGN}/uploads"
CSV = b"PhoneNumber\r\n+442079460001\r\n+442079460002\r\n"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    api = Api(tmp_path)
    yield api
    await api.uploads.stop()


async def upload(api: Api, content: bytes = CSV, /, **fields: Any) -> httpx.Response:
    async with api.client() as client:
        return await client.post(
            PATH, files={"file": ("spring.csv", content)}, data=fields, headers={"Idempotency-Key": "k"}
        )


async def receipt(api: Api, where: str) -> dict[str, Any]:
    job = api.uploads.get(CAMPAIGN, where.rpartition("/")[2])
    assert job is not None
    await api.uploads.ended(job, 20)
    async with api.client() as client:
        found: dict[str, Any] = (await client.get(where)).json()
        return found


async def test_a_file_is_taken_and_its_receipt_tells_the_end(api: Api) -> None:
    answer = await upload(api)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert answer.headers["outdial-command-id"] == "k"
    told = await receipt(api, answer.headers["location"])
    assert (told["state"], told["accepted"], told["file_name"]) == ("committed", 2, "spring.csv")
    assert told["log_position"].startswith(f"{CAMPAIGN}@")
    assert api.ports.begins == ["k"]
    async with api.client() as client:
        (item,) = (await client.get(PATH)).json()["items"]
    assert item["upload_id"] == told["upload_id"]


async def test_before_anything_is_taken_the_log_is_asked_without_appending(api: Api) -> None:
    await upload(api)
    (probe,) = api.sender.asked
    assert isinstance(probe.command, BeginUpload)
    assert probe.dry_run
    assert probe.command_id != "k"


async def test_a_position_that_takes_no_data_is_409_at_once(api: Api) -> None:
    api.sender.answer = lambda request: rejected(request, "position-does-not-allow", text="Stop it first.")
    answer = await upload(api)
    assert (answer.status_code, answer.json()["detail"]) == (409, "Stop it first.")
    assert list(api.uploads.of(CAMPAIGN)) == []


async def test_behind_an_open_upload_it_queues(api: Api) -> None:
    api.sender.answer = lambda request: rejected(request, "upload-in-progress")
    assert (await upload(api)).status_code == 202


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "empty-file"),
        (b"PhoneNumber\r\n", 202, None),  # found behind the header: the receipt tells it
        (b"%PDF-1.7 this is no workbook", 415, "not-a-workbook"),
        (b"Name\r\nAsha\r\n", 422, "column-missing"),
        (b"PhoneNumber,phone_number\r\n1,2\r\n", 422, "column-repeated"),
        (b"PhoneNumber,Shoe\r\n1,44\r\n", 422, "column-unknown"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_at_once(
    content: bytes, status: int, code: str | None, api: Api
) -> None:
    answer = await upload(api, content)
    assert answer.status_code == status, answer.text
    if code:
        assert answer.json()["code"] == code
        assert api.ports.begins == []
        assert list((api.folder / "uploads" / "incoming").iterdir()) == []
    else:
        assert (await receipt(api, answer.headers["location"]))["code"] == "empty-file"


async def test_the_same_key_and_file_is_the_same_upload(api: Api) -> None:
    first = await upload(api)
    again = await upload(api)
    assert first.headers["location"] == again.headers["location"]
    assert "outdial-replayed" not in first.headers
    assert again.headers["outdial-replayed"] == "true"
    other = await upload(api, CSV + b"+442079460003\r\n")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    chosen = await upload(api, mode="all-or-nothing")
    assert chosen.json()["code"] == "idempotency-key-reused"


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"mode": "some"}, "#/mode"),
        ({"duplicates": "maybe"}, "#/duplicates"),
        ({"colour": "red"}, "#/colour"),
    ],
)
async def test_a_wrong_field_is_named(fields: dict[str, str], pointer: str, api: Api) -> None:
    answer = await upload(api, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_no_file_is_a_request_of_the_wrong_form(api: Api) -> None:
    async with api.client() as client:
        plain = await client.post(PATH, json={"file": "x"})
        empty = await client.post(PATH, files={"other": ("a.csv", b"x")})
    assert [answer.json()["code"] for answer in (plain, empty)] == ["request-invalid"] * 2


async def test_when_too_many_files_wait_the_next_comes_later(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_WAITING", 0)
    answer = await upload(api)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    assert answer.headers["retry-after"]


async def test_an_unknown_campaign_takes_no_file(api: Api) -> None:
    async with api.client() as client:
        answer = await client.post("/v1/campaigns/unknown/uploads", files={"file": ("a.csv", CSV)})
    assert (answer.status_code, answer.json()["code"]) == (404, "campaign-unknown")


async def test_all_or_nothing_with_invalid_rows_ends_rejected(api: Api) -> None:
    api.ports.outcome = {"state": "rejected", "code": "rows-invalid"}
    told = await receipt(api, (await upload(api, mode="all-or-nothing")).headers["location"])
    assert (told["state"], told["code"]) == ("rejected", "rows-invalid")
    assert told["text"]


async def test_withdrawing_a_committed_upload_is_a_delete_of_its_records(api: Api) -> None:
    where = (await upload(api)).headers["location"]
    await receipt(api, where)
    async with api.client() as client:
        answer = await client.delete(where)
    assert answer.status_code == 200
    assert api.sender.asked[-1].command == WithdrawUpload(where.rpartition("/")[2])


async def test_rejected_rows_come_back_as_a_workbook_to_correct(api: Api) -> None:
    fault = {"row": 3, "column_name": "PhoneNumber", "code": "phone-invalid", "place": 1}
    api.reading.rejected = [
        {**fault, "row": 2, "place": 0, "block_id": "b", "block_offset": 7},
        {**fault, "block_id": "b", "block_offset": 7},
        {**fault, "row": 4, "place": 2, "block_id": "b", "block_offset": 7},  # erased since
    ]
    api.reading.block = PersonsBlock(
        CAMPAIGN, "u", "rejected", [0, 1], [b"s" * 16] * 2, cells=[["12", "Asha"], ["=1+1", "Ravi"]]
    )
    where = (await upload(api, b"PhoneNumber,Name\r\n+442079460001,x\r\n")).headers["location"]
    await receipt(api, where)
    async with api.client() as client:
        answer = await client.get(f"{where}/errors.xlsx")
        template = await client.get(f"/v1/campaigns/{CAMPAIGN}/upload-template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book["About"]["A1"].value == "1 rejected rows are not here: they were deleted."
    sheet = book.active
    assert sheet is not None
    assert [[cell.value for cell in line] for line in sheet.iter_rows()] == [
        ["PhoneNumber", "Name", "Problem"],
        ["12", "Asha", "PhoneNumber: '12' is no valid number in GB, nor an international one"],
        ["=1+1", "Ravi", "PhoneNumber: '=1+1' is no valid number in GB, nor an international one"],
    ]
    header = openpyxl.load_workbook(io.BytesIO(template.content)).active
    assert header is not None
    assert header["A1"].value == "PhoneNumber"


async def test_the_names_of_rejected_cells_outlive_what_the_process_knows_of_the_upload(api: Api) -> None:
    fault = {"row": 3, "column_name": "PhoneNumber", "code": "duplicate-in-campaign", "place": 0}
    api.reading.rejected = [{**fault, "block_id": "b", "block_offset": 7}]
    api.reading.block = PersonsBlock(
        CAMPAIGN,
        "u",
        "rejected",
        [0],
        [b"s" * 16],
        columns=["Name", "PhoneNumber"],
        cells=[["Li", "+442079460001"]],
    )
    api.reading.uploads_seen["u"] = {"upload_id": "u", "state": "committed"}
    async with api.client() as client:
        answer = await client.get(f"{PATH}/u/errors.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert [[cell.value for cell in line] for line in sheet.iter_rows()] == [
        ["Name", "PhoneNumber", "Problem"],
        ["Li", "+442079460001", "PhoneNumber: the campaign has the number already"],
    ]
