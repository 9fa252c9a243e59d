"""Do-not-call lists through the API on its real rooms: put on, looked up, taken off, never doubled."""

import asyncio
import io
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import openpyxl
import pytest

from outdial.runtime.cli import dispatch
from outdial.runtime.exits import Exit
from tests.integration.api.stack import ApiStack
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log
from tests.kit.stack import wait_until

FIRST, SECOND, THIRD, FOURTH = (f"+44208120000{n}" for n in (1, 2, 3, 4))


@pytest.fixture
def listed(stack: ApiStack) -> str:
    """A list that no other test uses."""
    name = f"l-{uuid4().hex[:10]}"
    answer = stack.http.post("/v1/do-not-call", json={"list_id": name, "name": "National register"})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    assert answer.headers["location"] == f"/v1/do-not-call/{name}"
    return name


def add(stack: ApiStack, listed: str, *numbers: str, **more: Any) -> dict[str, Any]:
    answer = stack.http.post(f"/v1/do-not-call/{listed}/numbers", json={"numbers": numbers, **more})
    assert answer.status_code == httpx.codes.OK, answer.text
    return dict(answer.json())


def send(stack: ApiStack, listed: str, name: str, content: bytes, **fields: str) -> httpx.Response:
    return stack.http.post(f"/v1/do-not-call/{listed}/uploads", files={"file": (name, content)}, data=fields)


def counts(told: dict[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in ("read", "added", "duplicate", "invalid")}


def test_numbers_are_added_in_any_spelling_and_counted_once(stack: ApiStack, listed: str) -> None:
    told = add(stack, listed, FIRST, "020 8120 0001", "020 8120 0002", "nobody", " ", region="GB")

    assert counts(told) == {"read": 5, "added": 2, "duplicate": 1, "invalid": 2}
    assert [(one["row"], one["code"]) for one in told["errors"]] == [
        (4, "phone-invalid"),
        (5, "phone-missing"),
    ]
    assert counts(add(stack, listed, SECOND, THIRD)) == {"read": 2, "added": 1, "duplicate": 1, "invalid": 0}
    shown = stack.http.get(f"/v1/do-not-call/{listed}").json()
    assert (shown["name"], shown["numbers"], shown["version"]) == ("National register", 3, 3)
    page = stack.http.get(f"/v1/do-not-call/{listed}/numbers", params={"limit": 2}).json()
    rest = stack.http.get(
        f"/v1/do-not-call/{listed}/numbers", params={"limit": 2, "cursor": page["next_cursor"]}
    ).json()
    assert [one["number"] for one in page["items"] + rest["items"]] == [FIRST, SECOND, THIRD]


def test_the_same_request_is_answered_as_the_first_time_and_another_is_refused(
    stack: ApiStack, listed: str
) -> None:
    path, headers = f"/v1/do-not-call/{listed}/numbers", {"Idempotency-Key": "add-1"}

    first = stack.http.post(path, json={"numbers": [FIRST]}, headers=headers)
    again = stack.http.post(path, json={"numbers": [FIRST]}, headers=headers)
    other = stack.http.post(path, json={"numbers": [SECOND]}, headers=headers)

    assert again.json() == first.json()
    assert again.headers["outdial-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_csv_file_and_a_workbook_fill_a_list(stack: ApiStack, listed: str) -> None:
    text = f"Phone Number,Name,ExpiryDate\n{FIRST},Asha,2001-01-01\n{SECOND},,\nnobody,,\n"
    by_csv = send(stack, listed, "october.csv", text.encode())
    assert by_csv.status_code == httpx.codes.OK, by_csv.text
    assert counts(by_csv.json()) == {"read": 3, "added": 2, "duplicate": 0, "invalid": 1}

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["PhoneNumber"], [SECOND], ["020 8120 0003"]):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    by_book = send(stack, listed, "november.xlsx", file.getvalue(), region="GB", source="the regulator")
    assert counts(by_book.json()) == {"read": 2, "added": 1, "duplicate": 1, "invalid": 0}

    numbers = stack.http.get(f"/v1/do-not-call/{listed}/numbers").json()["items"]
    assert [one["source"] for one in numbers] == ["october.csv", "october.csv", "the regulator"]


def test_a_file_without_numbers_is_refused_as_an_upload_is(stack: ApiStack, listed: str) -> None:
    assert send(stack, listed, "a.csv", b"Name\nAsha\n").json()["code"] == "column-missing"
    assert send(stack, listed, "a.pdf", b"%PDF-1.4").json()["code"] == "not-a-workbook"
    answer = stack.http.post(f"/v1/do-not-call/{listed}/uploads", files={"other": ("a.csv", b"x")})
    assert answer.json()["code"] == "request-invalid"
    assert send(stack, listed, "a.csv", b"x", region="gb").json()["errors"][0]["pointer"] == "#/region"


def test_a_number_is_looked_up_on_all_lists_and_taken_off_one(stack: ApiStack, listed: str) -> None:
    number = f"+44208121{uuid4().int % 10_000:04d}"
    other = f"l-{uuid4().hex[:10]}"
    stack.http.post("/v1/do-not-call", json={"list_id": other, "name": "Other"})
    for one in (listed, other):
        add(stack, one, number)

    def lists_of() -> list[str]:
        answer = stack.http.post("/v1/do-not-call/check", json={"numbers": [number, "nobody"]}).json()
        assert answer["items"][1] == {"number": "nobody", "valid": False, "listed": False, "entries": []}
        return [entry["list_id"] for entry in answer["items"][0]["entries"]]

    wait_until(lambda: lists_of() == sorted([listed, other]), "both lists are shown")
    removed = stack.http.post(f"/v1/do-not-call/{listed}/remove", json={"numbers": [number, FIRST]})
    assert removed.status_code == httpx.codes.OK, removed.text
    assert (removed.json()["affected"], removed.json()["not_listed"]) == (1, 1)
    at = {"Outdial-Min-Log-Position": removed.headers["outdial-log-position"]}
    assert stack.http.get(f"/v1/do-not-call/{listed}", headers=at).json()["numbers"] == 0
    assert lists_of() == [other]
    again = stack.http.post(f"/v1/do-not-call/{listed}/remove", json={"numbers": [number]}).json()
    assert (again["affected"], again["changed"]) == (0, False)


def test_a_list_is_cleared_only_with_the_count_that_the_dry_run_gave(stack: ApiStack, listed: str) -> None:
    add(stack, listed, FIRST, SECOND)
    path = f"/v1/do-not-call/{listed}/clear"

    asked = stack.http.post(path, json={}, params={"dry_run": "true"}).json()
    assert asked["affected"] == 2
    assert stack.http.post(path, json={}).json()["code"] == "confirmation-required"
    assert stack.http.post(path, json={"confirm": 1}).json()["code"] == "count-changed"
    assert stack.http.post(path, json={"confirm": 2}).json()["affected"] == 2


def test_lists_that_are_not_there_are_problems(stack: ApiStack, listed: str) -> None:
    for answer in (
        stack.http.get("/v1/do-not-call/nobodys"),
        stack.http.post("/v1/do-not-call/nobodys/numbers", json={"numbers": [FIRST]}),
        stack.http.post("/v1/do-not-call/nobodys/remove", json={"numbers": [FIRST]}),
        stack.http.post("/v1/do-not-call/nobodys/clear", json={"confirm": 0}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "list-unknown"), answer.text
    again = stack.http.post("/v1/do-not-call", json={"list_id": listed, "name": "Other name"})
    assert (again.status_code, again.json()["code"]) == (409, "list-exists")
    assert listed in [one["list_id"] for one in stack.http.get("/v1/do-not-call").json()["items"]]


def test_the_internal_list_comes_with_its_first_number(stack: ApiStack) -> None:
    add(stack, "internal", FIRST)

    assert stack.http.get("/v1/do-not-call/internal").json()["name"] == "Asked for in calls"


def test_the_command_line_does_the_same(
    stack: ApiStack, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    name, file = f"l-{uuid4().hex[:10]}", tmp_path / "october.csv"
    file.write_text(f"PhoneNumber\n{SECOND}\n{THIRD}\n")

    def said(*words: str) -> tuple[int, str]:
        code = dispatch(["do-not-call", *words, "--url", stack.url])
        return code, capsys.readouterr().out

    assert said("create", name, "--name", "National") == (Exit.OK, f"{name}: The list is created.\n")
    added = said("add", name, FIRST, "020 8120 0002", "--region", "GB")
    assert added == (Exit.OK, f"{name}: 2 numbers put on the list; 0 on it already.\n")
    assert said("load", name, str(file))[1] == f"{name}: 1 number put on the list; 1 on it already.\n"
    code, listed = said("list")
    line = next(line for line in listed.splitlines() if line.startswith(name))
    assert (code, line.split()[:4]) == (Exit.OK, [name, "National", "3", "3"])
    code, checked = said("check", FIRST, "--json")
    assert (code, json.loads(checked)["items"][0]["listed"]) == (Exit.FINDINGS, True)
    assert said("check", "+442079469999")[0] == Exit.OK
    assert said("remove", name, FIRST)[0] == Exit.USAGE  # it asks, and nobody can answer
    assert said("remove", name, FIRST, "--yes")[1].endswith("1 taken off the list; 0 were not on it.\n")
    assert "2 numbers would be taken off" in said("clear", name, "--dry-run")[1]
    assert said("clear", name, "--yes")[1] == f"{name}: 2 numbers taken off the list.\n"
    assert said("add", "nobodys", FIRST)[0] == Exit.REJECTED


def test_no_number_is_in_the_history_and_the_log_is_whole(stack: ApiStack, listed: str) -> None:
    add(stack, listed, FIRST, SECOND, source="october.csv")
    stack.http.post(f"/v1/do-not-call/{listed}/remove", json={"numbers": [FIRST]})

    log = asyncio.run(read_log(stack.kafka.bootstrap, stack.kafka.prefix))

    assert check_log(log) == []
    assert [event.name for event in log.of(f"dnc:{listed}")][:3] == [
        "DoNotCallListCreated",
        "NumbersAdded",
        "NumbersRemoved",
    ]
    assert not any(FIRST[1:].encode() in entry.raw for entry in (*log.commands, *log.events, *log.results))


def test_a_number_on_a_list_becomes_no_record_and_its_row_comes_back(
    stack: ApiStack, listed: str, campaign: str
) -> None:
    add(stack, listed, SECOND)
    stack.create(campaign)
    rows = f"PhoneNumber,Name,Priority\r\n{FOURTH},Asha,7\r\n020 8120 0002,Ben,3\r\n"
    sent = stack.http.post(f"/v1/campaigns/{campaign}/uploads", files={"file": ("a.csv", rows.encode())})

    told = stack.receipt(sent)
    assert (told["read"], told["accepted"], told["invalid"]) == (2, 1, 1)
    (fault,) = told["errors"]
    assert (fault["row"], fault["column"], fault["code"]) == (3, "PhoneNumber", "do-not-call")
    book = openpyxl.load_workbook(
        io.BytesIO(stack.http.get(f"{sent.headers['location']}/errors.xlsx").content)
    )
    (_, row) = list(book.worksheets[0].iter_rows(values_only=True))
    assert [str(cell) for cell in row[:3]] == [SECOND, "Ben", "3"]
    assert "do-not-call list" in str(row[-1])
    refused = stack.http.post(
        f"/v1/campaigns/{campaign}/records", json={"records": [{"PhoneNumber": SECOND}]}
    )
    assert [one["code"] for one in refused.json()["rows"]] == ["do-not-call"]
