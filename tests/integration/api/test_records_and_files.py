"""Records, downloads, history and live updates through the API on its real rooms."""

import csv
import io
import json
import time
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree

import httpx
import openpyxl
import pytest

from outdial.campaign.commands import ClaimAttempts, EndAttempts
from tests.integration.api.dialling import Dialling
from tests.integration.api.stack import ApiStack
from tests.kit.stack import wait_until

FILTERS = (
    "status",
    "reason",
    "disposition",
    "priority",
    "agent",
    "last_agent",
    "skill",
    "record_id",
    "phone",
    "from_date",
)
ROWS: list[dict[str, Any]] = [
    {"PhoneNumber": "+442079460001", "Name": "=Asha", "Priority": 9, "City": "Pune"},
    {"PhoneNumber": "+442079460002", "Name": "Ravi", "ExpiryDate": "2090-01-31", "City": ""},
    {"PhoneNumber": "+442079460003", "Name": "李", "City": "Überlingen"},
]


@pytest.fixture
def filled(stack: ApiStack, campaign: str) -> str:
    """A campaign with three records."""
    stack.create(campaign, columns=["City"])
    answer = stack.http.post(f"/v1/campaigns/{campaign}/records", json={"records": ROWS})
    assert answer.status_code == 200, answer.text
    stack.seen(answer)
    return campaign


def test_records_are_listed_page_by_page_with_filters(stack: ApiStack, filled: str) -> None:
    path = f"/v1/campaigns/{filled}/records"
    first = stack.http.get(path, params={"limit": 2}).json()
    rest = stack.http.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [item["record_id"] for item in first["items"] + rest["items"]] == ["1", "2", "3"]
    assert (first["total"], rest["next_cursor"]) == (3, None)
    assert first["items"][0] | {} == {
        **first["items"][0],
        "phone": "+442079460001",
        "name": "=Asha",
        "priority": 9,
        "extra": {"City": "Pune"},
        "status": "Pending",
        "expiry_date": None,
        "attempts": 0,
        "pass": 1,
    }
    assert first["items"][1]["expiry_date"] == "2090-01-31T23:59:59.000Z"
    chosen = stack.http.get(path, params={"priority": "5-9"}).json()["items"]
    assert [item["record_id"] for item in chosen] == ["1"]
    by_phone = stack.http.get(path, params={"phone": "020 7946 0002"}).json()["items"]
    assert [item["record_id"] for item in by_phone] == ["2"]


NUL, LARGE = "a\0b", "99999999999999999999999"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        *[("/records", {name: value}) for name in FILTERS for value in (NUL, LARGE, "\ud7ff\U0010ffff")],
        ("/records", {"cursor": NUL}),
        ("/records", {"limit": LARGE}),
        (f"/records/{LARGE}", {}),
        (f"/records/{LARGE}/why", {}),
        ("/records/facets", {"agent": NUL}),
        ("/history", {"type": NUL}),
        ("/history", {"actor": NUL}),
        ("/history", {"from": NUL}),
        ("/history", {"cursor": LARGE}),
        (f"/attempts/x.{LARGE}.1", {}),
        ("/uploads", {"cursor": NUL}),
        ("/uploads/a%00b", {}),
        ("/uploads/a%00b/rejected", {}),
        ("/downloads/a%00b", {}),
        ("/../../commands/a%00b", {}),
        ("/../../commands/x", {"campaign": NUL}),
        ("/../../do-not-call/a%00b", {}),
    ],
)
def test_whatever_is_asked_for_is_an_answer_or_a_clear_error(
    stack: ApiStack, filled: str, path: str, params: dict[str, str]
) -> None:
    """What the database cannot hold is in no record; it is no fault of the server to be asked for it."""
    answer = stack.http.get(f"/v1/campaigns/{filled}{path}", params=params)

    assert answer.status_code in (200, 404, 422), answer.text
    if answer.status_code != httpx.codes.OK:
        assert answer.json()["code"]


def test_facets_count_every_value(stack: ApiStack, filled: str) -> None:
    found = stack.http.get(f"/v1/campaigns/{filled}/records/facets").json()
    assert found["total"] == 3
    assert found["status"] == {"Pending": 3}
    assert found["priority"] == {"9": 1, "1": 2}


def test_all_four_downloads_have_the_same_rows(stack: ApiStack, filled: str) -> None:
    path = f"/v1/campaigns/{filled}/download"
    found = {name: stack.http.get(path, params={"format": name}) for name in ("csv", "xlsx", "xml", "pdf")}
    assert {answer.status_code for answer in found.values()} == {200}
    at = stack.http.get(f"/v1/campaigns/{filled}").json()["log_position"]
    assert {answer.headers["outdial-log-position"] for answer in found.values()} == {at}
    assert all(f'filename="{filled}-' in answer.headers["content-disposition"] for answer in found.values())

    table = list(csv.DictReader(io.StringIO(found["csv"].text)))
    assert [row["PhoneNumber"] for row in table] == [row["PhoneNumber"] for row in ROWS]
    assert [row["Name"] for row in table] == ["'=Asha", "Ravi", "李"]
    assert [row["City"] for row in table] == ["Pune", "", "Überlingen"]
    sheet = openpyxl.load_workbook(io.BytesIO(found["xlsx"].content)).worksheets[0]
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert lines[0] == list(table[0])
    assert [line[1] for line in lines[1:]] == [row["PhoneNumber"] for row in ROWS]
    root = ElementTree.fromstring(found["xml"].content)  # noqa: S314 - made by us
    assert len(list(root)) == 3
    assert found["pdf"].content.startswith(b"%PDF-")


def test_a_download_takes_filters_and_says_them(stack: ApiStack, filled: str) -> None:
    path = f"/v1/campaigns/{filled}/download"
    exact = stack.http.get(path, params={"format": "csv", "priority": "9", "exact": "true", "bom": "true"})
    assert exact.content.startswith(b"\xef\xbb\xbf")
    assert len(exact.text.splitlines()) == 2
    assert ",=Asha," in exact.text
    assert exact.headers["outdial-rows"] == "1"


def test_a_download_job_ends_with_a_manifest_and_a_whole_file(stack: ApiStack, filled: str) -> None:
    started = stack.http.post(f"/v1/campaigns/{filled}/downloads", params={"format": "csv"})
    assert started.status_code == 202
    where = started.headers["location"]
    state: dict[str, Any] = {}

    def is_whole() -> bool:
        state.update(stack.http.get(where).json())
        return bool(state["state"] == "done")

    wait_until(is_whole, "the file is whole", 10)
    content = stack.http.get(state["file"]).content
    assert state["manifest"]["sha256"] == sha256(content).hexdigest()
    assert (state["manifest"]["rows"], state["manifest"]["campaign"]) == (3, filled)


def test_a_downloaded_file_can_be_sent_back(stack: ApiStack, filled: str) -> None:
    content = stack.http.get(f"/v1/campaigns/{filled}/download?format=xlsx").content
    sent = stack.http.post(f"/v1/campaigns/{filled}/uploads", files={"file": ("back.xlsx", content)})
    receipt = stack.receipt(sent)
    assert (receipt["state"], receipt["accepted"], receipt["duplicate"]) == ("committed", 0, 3)
    assert "Status" in receipt["ignored_columns"]


def test_an_upload_is_withdrawn_with_its_records(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    files = {"file": ("a.csv", b"PhoneNumber\r\n+442079460001\r\n")}
    receipt = stack.receipt(stack.http.post(f"/v1/campaigns/{campaign}/uploads", files=files))
    answer = stack.http.delete(f"/v1/campaigns/{campaign}/uploads/{receipt['upload_id']}")
    assert (answer.status_code, answer.json()["affected"]) == (200, 1)
    stack.seen(answer)
    assert stack.http.get(f"/v1/campaigns/{campaign}/records").json()["items"] == []
    again = stack.http.get(f"/v1/campaigns/{campaign}/uploads/{receipt['upload_id']}").json()
    assert again["state"] == "withdrawn"


def test_the_history_tells_who_did_what_oldest_first(stack: ApiStack, filled: str) -> None:
    stack.do(filled, "start")
    stack.do(filled, "stop")
    path = f"/v1/campaigns/{filled}/history"
    page = stack.http.get(path, params={"limit": 3}).json()
    rest = stack.http.get(path, params={"cursor": page["next_cursor"]}).json()
    items = page["items"] + rest["items"]
    assert [item["sequence"] for item in items] == list(range(1, len(items) + 1))
    assert [item["type"] for item in items] == [
        "CampaignCreated",
        "UploadBegun",
        "RecordsAdded",
        "UploadCommitted",
        "CampaignStarted",
        "CampaignStopped",
    ]
    assert {item["actor"] for item in items} == {"local"}
    assert items[-1]["log_position"] == f"{filled}@6"
    chosen = stack.http.get(path, params={"type": ["CampaignStopped"], "after": 2}).json()["items"]
    assert [item["sequence"] for item in chosen] == [6]
    early = stack.http.get(path, params={"to": items[0]["time"]}).json()["items"]
    assert early == []


def test_live_updates_begin_with_a_snapshot_and_tell_each_change(stack: ApiStack, filled: str) -> None:
    seen: list[tuple[str, Any]] = []
    with stack.http.stream("GET", f"/v1/campaigns/{filled}/watch") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        seen.append(read_event(lines))
        stack.do(filled, "start")
        while ("position", "Running") not in [(kind, data.get("position")) for kind, data in seen]:
            seen.append(read_event(lines))
    kind, data = seen[0]
    assert (kind, data["campaign"]["position"]) == ("snapshot", "Ready")


def read_event(lines: Any) -> tuple[str, Any]:
    said: dict[str, str] = {}
    for line in lines:
        if not line and "data" in said:
            return said["event"], json.loads(said["data"])
        name, _, value = line.partition(": ")
        said[name] = value
    raise AssertionError("the stream ended")


def test_a_call_up_holds_reset_and_its_disposition_ends_the_wait(stack: ApiStack, filled: str) -> None:
    path = f"/v1/campaigns/{filled}"
    stack.do(filled, "start")
    with Dialling(stack, filled) as dialler:
        dialler.send(claim(2))
        stack.do(filled, "stop")
        busy = stack.http.post(f"{path}/reset", json={"filters": {}})
        assert (busy.status_code, busy.json()["code"], busy.json()["in_progress"]) == (
            409,
            "calls-in-progress",
            1,
        )
        preview = stack.http.post(f"{path}/reset?dry_run=true", json={"filters": {}}).json()
        assert (preview["affected"], preview["in_progress"]) == (3, 1)
        assert stack.http.get(f"{path}/records/2/why").json()["reasons"][0]["code"] == "call-up"
        dialler.send(ended(2))
    shown = wait_for(stack, f"{path}/records/2", lambda one: one["reason"] == "Answered")
    assert shown["attempts_made"][0]["outcome"] == "Answered"
    said = stack.http.post(
        f"{path}/attempts/{filled}.2.1/disposition",
        json={"disposition": "Interested", "agent": "a7", "comment": "call me Asha"},
    )
    assert said.status_code == 200, said.text
    stack.seen(said)
    one = stack.http.get(f"{path}/records/2").json()
    assert (one["status"], one["disposition"], one["last_agent"]) == ("Success", "Interested", "a7")
    assert [event["what"] for event in one["history"]] == ["added", "claimed", "ended", "disposition"]
    unknown = stack.http.post(
        f"{path}/attempts/{filled}.2.1/disposition", json={"disposition": "Bribed", "agent": "a7"}
    )
    assert (unknown.status_code, unknown.json()["code"]) == (422, "disposition-unknown")
    assert "Asha" not in stack.http.get(f"{path}/history").text


def claim(record: int) -> ClaimAttempts:
    return ClaimAttempts(
        dialer_epoch=1,
        originate_before_us=time.time_ns() // 1000 + 2_000_000,
        caller_id="",
        tzdata_version="2026a",
        window_applied="",
        do_not_call_version=0,
        mode="progressive",
        pacing_rule="",
        record=[record],
        attempt=[1],
        pass_number=[1],
        zone=["Europe/London"],
        zone_source=["number"],
    )


def ended(record: int) -> EndAttempts:
    return EndAttempts(
        dialer_epoch=1, record=[record], attempt=[1], pass_number=[1], outcome=["Answered"], agent=["a7"]
    )


def wait_for(stack: ApiStack, path: str, true: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def is_so() -> bool:
        answer = stack.http.get(path)
        found.update(answer.json() if answer.status_code == httpx.codes.OK else {})
        return bool(found) and true(found)

    wait_until(is_so, path, 10)
    return found
