"""Bad input through the API on its real rooms: each answers as the contract says, and nothing is lost or doubled."""

import io
from typing import Any

import httpx
import openpyxl
import pytest

from tests.integration.api.stack import ApiStack

PROBLEM = "application/problem+json"
GOOD = b"PhoneNumber,Name\r\n+442079460001,Asha\r\n12,Ravi\r\n+442079460001,Again\r\n+442079460002,Li\r\n"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == PROBLEM, answer.text
    return answer.status_code, answer.json()["code"]


def send(stack: ApiStack, campaign: str, content: bytes, **fields: str) -> httpx.Response:
    return stack.http.post(
        f"/v1/campaigns/{campaign}/uploads", files={"file": ("spring.csv", content)}, data=fields
    )


@pytest.mark.parametrize(
    ("content", "status", "code", "names"),
    [
        (b"%PDF-1.7\n%\xe2\xe3 no workbook", 415, "not-a-workbook", None),
        (b"", 422, "empty-file", None),
        (b"Name\r\nAsha\r\n", 422, "column-missing", "PhoneNumber"),
        (b"PhoneNumber,phone_number\r\n1,2\r\n", 422, "column-repeated", "phone_number"),
        (b"PhoneNumber,Shoe size\r\n1,44\r\n", 422, "column-unknown", "Shoe size"),
    ],
)
def test_a_file_that_is_refused_names_what_is_wrong(
    content: bytes, status: int, code: str, names: str | None, stack: ApiStack, campaign: str
) -> None:
    stack.create(campaign)
    answer = send(stack, campaign, content)
    assert code_of(answer) == (status, code)
    assert names is None or names in answer.json()["columns"]
    assert stack.http.get(f"/v1/campaigns/{campaign}/uploads").json()["items"] == []


def test_a_file_with_bad_rows_is_accounted_for_and_comes_back_to_be_corrected(
    stack: ApiStack, campaign: str
) -> None:
    stack.create(campaign)
    receipt = stack.receipt(send(stack, campaign, GOOD))
    counts = {name: receipt[name] for name in ("read", "accepted", "duplicate", "invalid")}
    assert counts == {"read": 4, "accepted": 2, "duplicate": 1, "invalid": 1}
    assert [(one["row"], one["column"], one["code"]) for one in receipt["errors"]] == [
        (3, "PhoneNumber", "phone-invalid"),
        (4, "PhoneNumber", "duplicate-in-file"),
    ]
    errors = stack.http.get(f"/v1/campaigns/{campaign}/uploads/{receipt['upload_id']}/errors.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(errors.content)).active
    assert sheet is not None
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert [line[:2] for line in lines] == [
        ["PhoneNumber", "Name"],
        ["12", "Ravi"],
        ["+442079460001", "Again"],
    ]


def test_all_or_nothing_with_a_bad_row_adds_nothing(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    receipt = stack.receipt(send(stack, campaign, GOOD, mode="all-or-nothing"))
    assert (receipt["state"], receipt["code"]) == ("rejected", "rows-invalid")
    assert stack.http.get(f"/v1/campaigns/{campaign}").json()["counts"]["total"] == 0


def test_a_number_that_the_campaign_has_is_a_duplicate(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    body = {"records": [{"PhoneNumber": "+442079460001"}, {"PhoneNumber": "+442079460002"}]}
    first = stack.http.post(f"/v1/campaigns/{campaign}/records", json=body).json()["rows"]
    again = stack.http.post(f"/v1/campaigns/{campaign}/records", json=body).json()["rows"]
    assert [row["status"] for row in first] == ["accepted"] * 2
    assert [row["code"] for row in again] == ["duplicate-in-campaign"] * 2
    assert (
        stack.http.get(f"/v1/campaigns/{campaign}/records/{first[1]['record_id']}").json()["phone"][-1] == "2"
    )


@pytest.mark.parametrize(
    ("filters", "pointer", "says"),
    [
        ({"colour": ["red"]}, "#/filters/colour", "status"),
        ({"status": ["Lost"]}, "#/filters/status", "Pending"),
        ({"disposition": ["None such"]}, "#/filters/disposition", "Interested"),
        ({"priority": ["500"]}, "#/filters/priority", "1 to 99"),
        ([{}, {"from_date": "tomorrow"}], "#/filters/1/from_date", "tomorrow"),
        ([{}] * 21, "#/filters", "20"),
        ("all", "#/filters", "object"),
    ],
)
def test_an_unknown_filter_is_named_with_the_known_ones(
    filters: Any, pointer: str, says: str, stack: ApiStack, campaign: str
) -> None:
    stack.create(campaign)
    stack.add(campaign, 1)
    stack.do(campaign, "force-complete")
    answer = stack.http.post(f"/v1/campaigns/{campaign}/reset", json={"filters": filters})
    assert code_of(answer) == (422, "filter-invalid")
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert says in error["detail"]


def test_filters_that_are_missing_are_not_all_records(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    for function in ("reset", "delete-records"):
        answer = stack.http.post(f"/v1/campaigns/{campaign}/{function}", json={})
        assert code_of(answer) == (422, "filters-missing")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("POST", "/start"),
        ("POST", "/uploads"),
        ("POST", "/records"),
        ("GET", "/records"),
        ("GET", "/records/1"),
        ("GET", "/records/1/why"),
        ("GET", "/why"),
        ("GET", "/history"),
        ("GET", "/uploads"),
        ("GET", "/download?format=csv"),
        ("GET", "/upload-template.xlsx"),
        ("GET", "/watch"),
    ],
)
def test_an_unknown_campaign_is_404(method: str, path: str, stack: ApiStack) -> None:
    what: dict[str, Any] = {"json": {"records": [{"PhoneNumber": "1"}]}} if path == "/records" else {}
    if path == "/uploads" and method == "POST":
        what = {"files": {"file": ("a.csv", GOOD)}}
    if method == "PATCH":
        what = {"json": {"name": "x"}}
    answer = stack.http.request(method, f"/v1/campaigns/nobody{path}", **what)
    assert code_of(answer) == (404, "campaign-unknown")


def test_a_reused_key_is_refused_and_the_same_request_answered_again(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    stack.add(campaign, 1)
    path, key = f"/v1/campaigns/{campaign}", {"Idempotency-Key": f"key-{campaign}"}
    first = stack.http.post(f"{path}/start", headers=key)
    stack.do(campaign, "stop")
    again = stack.http.post(f"{path}/start", headers=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["outdial-replayed"] == "true"
    assert stack.http.get(path).json()["position"] == "Stopped"
    assert code_of(stack.http.post(f"{path}/stop", headers=key)) == (422, "idempotency-key-reused")
    told = stack.answered(f"key-{campaign}", campaign)
    assert (told["state"], told["message"]) == ("accepted", first.json()["message"])


def test_a_rejection_is_answered_again_too(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    path, key = f"/v1/campaigns/{campaign}", {"Idempotency-Key": f"key-{campaign}"}
    first = stack.http.post(f"{path}/start", headers=key)
    stack.add(campaign, 1)
    again = stack.http.post(f"{path}/start", headers=key)
    assert code_of(first) == code_of(again) == (409, "nothing-to-dial")
    assert again.headers["outdial-replayed"] == "true"
    assert stack.answered(f"key-{campaign}", campaign)["code"] == "nothing-to-dial"


def test_a_stale_version_is_412_with_the_current_one(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    path = f"/v1/campaigns/{campaign}"
    etag = stack.http.get(path).headers["etag"]
    changed = stack.http.patch(path, json={"name": "New"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    stale = stack.http.patch(path, json={"name": "Newer"}, headers={"If-Match": etag})
    assert code_of(stale) == (412, "version-mismatch")
    assert stale.json()["version"] == changed.json()["version"] == int(stale.headers["etag"].strip('"'))
    assert stack.http.get(path).json()["name"] == "New"


def test_a_command_that_is_found_too_late_is_not_carried_out(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    stack.add(campaign, 1)
    path = f"/v1/campaigns/{campaign}"
    late = stack.http.post(f"{path}/start", headers={"Outdial-Command-Ttl": "0.000001"})
    assert code_of(late) == (409, "command-expired")
    assert stack.http.get(path).json()["position"] == "Ready"


def test_a_second_campaign_of_an_id_is_refused(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    body = {"name": "b", "campaign_id": campaign, "region": "GB", "time_zone": "UTC"}
    assert code_of(stack.http.post("/v1/campaigns", json=body)) == (409, "campaign-exists")


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"region": "XX"}, "region"),
        ({"dial_method": "sideways"}, "dial_method"),
        ({"calling_window": [{"days": ["mon"], "from": "25:00", "to": "26:00"}]}, "calling_window"),
    ],
)
def test_a_setting_that_does_not_hold_what_it_should_is_named(
    settings: dict[str, Any], pointer: str, stack: ApiStack, campaign: str
) -> None:
    body = {"name": "b", "campaign_id": campaign, "region": "GB", "time_zone": "UTC"} | settings
    answer = stack.http.post("/v1/campaigns", json=body)
    assert code_of(answer) == (422, "settings-invalid")
    assert any(pointer in error["pointer"] for error in answer.json()["errors"])


def test_a_delete_must_be_confirmed_by_what_the_dry_run_said(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    stack.add(campaign, 3)
    path = f"/v1/campaigns/{campaign}/delete-records"
    filters = {"record_id": ["1", "2"]}
    counted = stack.http.post(f"{path}?dry_run=true", json={"filters": filters}).json()
    assert (counted["affected"], counted["by_status"], counted["in_progress"]) == (2, {"Pending": 2}, 0)
    missing = stack.http.post(path, json={"filters": filters})
    assert code_of(missing) == (422, "confirmation-required")
    told = missing.json()
    assert (told["affected"], told["selection"]) == (2, counted["selection"])
    assert code_of(stack.http.post(path, json={"filters": filters, "confirm": 3})) == (409, "count-changed")
    done = stack.http.post(path, json={"filters": filters, "confirm": counted["selection"]})
    assert (done.status_code, done.json()["affected"]) == (200, 2)
    items = stack.http.get(f"/v1/campaigns/{campaign}/records").json()["items"]
    assert [item["record_id"] for item in items] == ["3"]


def test_a_phone_filter_reaches_the_log_as_record_numbers(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    stack.add(campaign, 3)
    path = f"/v1/campaigns/{campaign}"
    stack.do(campaign, "force-complete")
    answer = stack.http.post(f"{path}/reset", json={"filters": {"phone": ["020 7946 0001"]}})
    assert answer.json()["affected"] == 1
    history = stack.http.get(f"{path}/history", params={"type": "CampaignReset"}).json()["items"]
    assert len(history) == 1
    assert "0794" not in str(history)


def test_a_view_that_is_behind_says_so(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    answer = stack.http.get(
        f"/v1/campaigns/{campaign}", headers={"Outdial-Min-Log-Position": f"{campaign}@1000"}
    )
    assert code_of(answer) == (503, "view-behind")
    assert answer.headers["retry-after"]
