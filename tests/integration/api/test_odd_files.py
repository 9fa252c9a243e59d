"""Odd files through the whole of Add Data: a clear answer or a receipt of every row, and the services go on."""

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from services.api.problems import catalogue
from tests.integration.api.stack import ApiStack
from tests.kit.odd_files import ODD_FILES
from tests.kit.workbooks import GOOD, HEADER, book, sheet

REFUSED = (
    "far cell",
    "billion laughs",
    "external entity",
    "many parts",
    "bomb in one cell",
    "claim of four gigabytes",
    "password",
    "cut at 90%",
    "header of a lone surrogate",
    "csv in latin-1",
    "csv with a quote that is never closed",
    "csv of one line of a megabyte",
)
TAKEN = (
    "name of a lone surrogate",
    "dimension A1:B17000000",
    "phone as of 32,767 characters",
    "same number three times",
)
INDIA = {"region": "IN", "time_zone": "Asia/Kolkata"}


def send(
    stack: ApiStack, campaign: str, content: bytes, name: str = "spring", **fields: str
) -> httpx.Response:
    return stack.http.post(f"/v1/campaigns/{campaign}/uploads", files={"file": (name, content)}, data=fields)


def downloaded(stack: ApiStack, campaign: str, kind: str) -> bytes:
    answer = stack.http.get(f"/v1/campaigns/{campaign}/download", params={"format": kind})
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.content


def rejected(stack: ApiStack, receipt: dict[str, Any]) -> openpyxl.Workbook:
    where = f"/v1/campaigns/{receipt['campaign']}/uploads/{receipt['upload_id']}/errors.xlsx"
    return openpyxl.load_workbook(io.BytesIO(stack.http.get(where).content))


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_hostile_file_is_answered_with_its_code_and_the_next_one_is_taken(
    stack: ApiStack, campaign: str, tmp_path: Path
) -> None:
    stack.create(campaign, **INDIA)
    for name in REFUSED:
        answer = send(stack, campaign, ODD_FILES[name].make(tmp_path / "a.xlsx").read_bytes())
        code = ODD_FILES[name].code
        if answer.status_code == httpx.codes.ACCEPTED:  # its fault lies behind the header
            receipt = stack.receipt(answer)
            assert (name, receipt["state"], receipt["code"]) == (name, "rejected", code)
            assert receipt["text"].endswith(".")
            continue
        assert (name, answer.json()["code"]) == (name, code)
        assert answer.status_code == catalogue()[code]["status"]
        assert answer.json()["detail"].endswith(".")
    good = stack.receipt(send(stack, campaign, b"PhoneNumber\r\n9876543210\r\n"))
    assert (good["state"], good["accepted"]) == ("committed", 1)


@pytest.mark.parametrize("name", TAKEN)
def test_an_odd_file_has_a_receipt_of_every_row(
    stack: ApiStack, campaign: str, tmp_path: Path, name: str
) -> None:
    stack.create(campaign, **INDIA)
    expected = ODD_FILES[name]
    receipt = stack.receipt(send(stack, campaign, expected.make(tmp_path / "a.xlsx").read_bytes()))
    assert (receipt["state"], receipt["accepted"]) == ("committed", expected.valid)
    assert receipt["read"] == receipt["accepted"] + receipt["duplicate"] + receipt["invalid"]
    assert {error["row"]: error["code"] for error in receipt["errors"]} == dict(expected.faults)
    assert (
        len(list(csv.DictReader(io.StringIO(downloaded(stack, campaign, "csv").decode())))) == expected.valid
    )


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nSet-Cookie: x=1.xlsx", "\u202egnp.xlsx", "n" * 400]
)
def test_a_hostile_file_name_is_only_a_name(stack: ApiStack, campaign: str, name: str) -> None:
    stack.create(campaign)
    receipt = stack.receipt(send(stack, campaign, b"PhoneNumber\r\n+442079460001\r\n", name))
    assert receipt["accepted"] == 1
    assert len(receipt["file_name"]) <= 200
    assert not {"/", "\\", "\r", "\n", "\u202e"} & set(receipt["file_name"])


def test_rows_of_long_texts_and_long_refused_rows_reach_the_log(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign, columns=["Notes"])
    notes = "न" * 1_900
    lines = ["PhoneNumber,Notes", *(f"+442079{460000 + i},{notes}" for i in range(700))]
    lines += [f"12,{notes * 3}" for _ in range(300)]
    receipt = stack.receipt(send(stack, campaign, "\r\n".join(lines).encode()))
    assert (receipt["state"], receipt["accepted"], receipt["invalid"]) == ("committed", 700, 300)


def test_words_that_no_list_restricts_are_bounded_row_by_row(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    lines = [
        "PhoneNumber,AgentId,Skill",
        f"+442079460001,{'a' * 101},",
        "+442079460002,a\x07,",
        "+442079460003,a1,s1",
    ]
    receipt = stack.receipt(send(stack, campaign, "\r\n".join(lines).encode()))
    assert (receipt["state"], receipt["accepted"]) == ("committed", 1)
    assert [error["code"] for error in receipt["errors"]] == ["agent-unknown"] * 2


def test_characters_that_a_store_cannot_hold_do_not_stop_the_views(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign, columns=["City"])
    rows = [{"PhoneNumber": "+442079460001", "City": "a\0b\x07"}, {"PhoneNumber": "1\0", "Name": "x\0"}]
    answer = stack.http.post(f"/v1/campaigns/{campaign}/records", json={"records": rows})
    assert [row["status"] for row in answer.json()["rows"]] == ["accepted", "invalid"]
    stack.seen(answer)
    for kind in ("csv", "xlsx", "xml", "pdf"):
        assert downloaded(stack, campaign, kind)
    half = b'{"records": [{"PhoneNumber": "+442079460002", "City": "\\ud800"}]}'
    told = stack.http.post(
        f"/v1/campaigns/{campaign}/records", content=half, headers={"Content-Type": "application/json"}
    )
    assert (told.status_code, told.json()["code"]) == (422, "request-invalid")


def test_rejected_rows_are_corrected_and_sent_again_until_all_are_in(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign, columns=["City"], **INDIA)
    lines = [
        "City,Phone Number,Name,Priority,Expiry Date",
        "Pune,12,Asha,500,soon",
        "007,9876543211,_x0041_,,",
    ]
    lines += ["Goa,,=1+1,5,2090-01-31", "Ulm,09876543211,Li,,"]
    first = stack.receipt(send(stack, campaign, "\r\n".join(lines).encode()))
    assert (first["accepted"], first["invalid"], first["duplicate"]) == (1, 2, 1)
    again = rejected(stack, first)
    active = again.active
    assert active is not None
    header, *rows = [[cell.value for cell in row] for row in active.iter_rows()]
    assert header == ["City", "PhoneNumber", "Name", "Priority", "ExpiryDate", "Problem"]
    assert all(word in str(rows[0][-1]) for word in ("'12'", "'500'", "'soon'"))
    active["B2"], active["D2"], active["E2"], active["B3"] = 9876543212, 50, "2090-01-31", "9876543213"
    second = stack.receipt(send(stack, campaign, saved(again)))
    assert (second["read"], second["accepted"], second["duplicate"]) == (3, 2, 1)
    found = list(csv.DictReader(io.StringIO(downloaded(stack, campaign, "csv").decode())))
    assert [(row["City"], row["Name"]) for row in found] == [
        ("007", "_x0041_"),
        ("Pune", "Asha"),
        ("Goa", "'=1+1"),
    ]


def test_a_sheet_that_is_not_read_is_named(stack: ApiStack, campaign: str, tmp_path: Path) -> None:
    stack.create(campaign, **INDIA)
    path = book(tmp_path / "a.xlsx", {"North": sheet(HEADER, GOOD), "South": sheet(HEADER, GOOD)})
    receipt = stack.receipt(send(stack, campaign, path.read_bytes()))
    assert (receipt["accepted"], receipt["other_sheets"]) == (1, ["South"])


def test_rows_that_refuse_a_whole_file_come_back_too(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    content = b"Name,PhoneNumber\r\nLi,12\r\nAsha,+442079460001\r\n"
    receipt = stack.receipt(send(stack, campaign, content, mode="all-or-nothing"))
    assert (receipt["state"], receipt["code"]) == ("rejected", "rows-invalid")
    active = rejected(stack, receipt).active
    assert active is not None
    assert [cell.value for cell in active[2]][:2] == ["Li", "12"]


def test_rejected_rows_come_back_when_the_process_that_took_them_is_gone(
    stack: ApiStack, campaign: str
) -> None:
    stack.create(campaign, columns=["City"])
    receipt = stack.receipt(send(stack, campaign, b"City,Phone Number\r\nUlm,12\r\nBonn,13\r\n"))
    assert receipt["invalid"] == 2
    stack.stop("api")
    stack.forget_uploads()
    stack.start("api")
    stack.wait_ready()
    again = rejected(stack, receipt)
    active = again.active
    assert active is not None
    active["B2"], active["B3"] = "+442079460001", "+442079460002"
    assert stack.receipt(send(stack, campaign, saved(again)))["accepted"] == 2


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_downloaded_file_sent_to_another_campaign_makes_the_same_records(
    stack: ApiStack, campaign: str, kind: str
) -> None:
    settings = {"columns": ["City", "Order No"], **INDIA}
    stack.create(campaign, **settings)
    stack.create(f"{campaign}-b", **settings)
    lines = [
        "PhoneNumber,Name,Priority,ExpiryDate,AgentId,Skill,City,Order No",
        "9876543210,=1+1,99,2090-01-31,a1,s1,'=x,007",
        "+442079460001,_x0041_ राहुल,1,2090-01-31 00:00:00,,,-5,1e5",
        '9876543212,"O\'Brien, ""S""",,2090-06-01T10:00:00.5Z,,,TRUE,2030-01-01',
    ]
    assert stack.receipt(send(stack, campaign, "\r\n".join(lines).encode()))["accepted"] == 3
    again = stack.receipt(send(stack, f"{campaign}-b", downloaded(stack, campaign, kind), f"spring.{kind}"))
    assert (again["state"], again["read"], again["accepted"]) == ("committed", 3, 3)
    assert "Status" in again["ignored_columns"]
    of = ("PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "Skill", "City", "Order No")
    one, two = (
        [
            [row[name] for name in of]
            for row in csv.DictReader(io.StringIO(downloaded(stack, name, "csv").decode()))
        ]
        for name in (campaign, f"{campaign}-b")
    )
    assert two == one
    assert one[1][3] == "2090-01-31T00:00:00+05:30"


def test_records_of_long_texts_from_a_program_reach_the_log(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign, columns=["Notes"])
    rows = [{"PhoneNumber": f"+442079{460000 + i}", "Notes": "न" * 1_900} for i in range(600)]
    rows += [{"PhoneNumber": "12", "Notes": "न" * 5_000} for _ in range(300)]
    answer = stack.http.post(f"/v1/campaigns/{campaign}/records", json={"records": rows})
    assert answer.status_code == httpx.codes.OK, answer.text
    statuses = [row["status"] for row in answer.json()["rows"]]
    assert statuses == ["accepted"] * 600 + ["invalid"] * 300
