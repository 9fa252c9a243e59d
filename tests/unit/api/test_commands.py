"""Commands over HTTP: the headers of the contract go into the log, its answer comes back with the headers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from outdial.campaign.commands import (
    ChangeSettings,
    CreateCampaign,
    DeleteRecords,
    ForceComplete,
    RecordDisposition,
    ResetCampaign,
    StartCampaign,
    StopCampaign,
    UndoCommand,
)
from outdial.campaign.filter import Filter
from outdial.client.requests import Answer, OutcomeUnknown, Request
from tests.unit.api.fakes import CAMPAIGN, Api, accepted, rejected

BASE = f"/v1/campaigns/{CAMPAIGN}"


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path)


async def sent(api: Api, method: str, path: str, **what: Any) -> tuple[Any, Request]:
    async with api.client() as client:
        answer = await client.request(method, path, **what)
    assert answer.status_code < 300, answer.text
    return answer, api.sender.asked[-1]


async def test_start_goes_into_the_log_and_its_answer_comes_back(api: Api) -> None:
    answer, request = await sent(api, "POST", f"{BASE}/start", headers={"Idempotency-Key": "go-1"})
    assert request == Request(CAMPAIGN, StartCampaign(), "go-1", "local")
    assert answer.json() == {
        "command_id": "go-1",
        "campaign": CAMPAIGN,
        "version": 3,
        "position": "Ready",
        "affected": 0,
        "changed": True,
        "message": "Done.",
    }
    assert answer.headers["outdial-command-id"] == "go-1"
    assert answer.headers["outdial-log-position"] == "spring@9"
    assert answer.headers["etag"] == '"3"'
    assert "outdial-replayed" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "body", "command"),
    [
        ("POST", "/stop", None, StopCampaign()),
        ("POST", "/force-complete", None, ForceComplete()),
        ("POST", "/undo", {"command_id": "r1"}, UndoCommand("r1")),
        ("PATCH", "", {"name": "New", "max_calls": None}, ChangeSettings(name="New")),
        ("POST", "/reset", {"filters": {}}, ResetCampaign((Filter(date_field="last_attempt"),))),
    ],
)
async def test_each_function_is_its_command(
    method: str, path: str, body: Any, command: object, api: Api
) -> None:
    _, request = await sent(api, method, BASE + path, json=body)
    if isinstance(command, ResetCampaign):
        assert isinstance(request.command, ResetCampaign)
        assert len(request.command.filters) == 1
    else:
        assert request.command == command


async def test_a_command_without_a_key_gets_one(api: Api) -> None:
    answer, request = await sent(api, "POST", f"{BASE}/start")
    assert len(request.command_id) == 36
    assert answer.headers["outdial-command-id"] == request.command_id


async def test_an_answer_given_before_says_so(api: Api) -> None:
    api.sender.answer = lambda request: accepted(request, replayed=True)
    answer, _ = await sent(api, "POST", f"{BASE}/start", headers={"Idempotency-Key": "k"})
    assert answer.headers["outdial-replayed"] == "true"


async def test_a_rejection_given_before_says_so(api: Api) -> None:
    api.sender.answer = lambda request: accepted(
        request, accepted=False, code="nothing-to-dial", replayed=True
    )
    async with api.client() as client:
        answer = await client.post(f"{BASE}/start", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.headers["outdial-replayed"]) == (409, "true")


@pytest.mark.parametrize(("header", "version"), [('"7"', 7), ("7", 7), ('W/"7"', 7), ("*", None)])
async def test_if_match_is_the_expected_version(header: str, version: int | None, api: Api) -> None:
    _, request = await sent(api, "POST", f"{BASE}/start", headers={"If-Match": header})
    assert request.expected_version == version


async def test_the_ttl_is_the_callers_or_30_seconds(api: Api) -> None:
    _, request = await sent(api, "POST", f"{BASE}/start")
    assert request.ttl_s == 30
    _, request = await sent(api, "POST", f"{BASE}/start", headers={"Outdial-Command-Ttl": "2.5"})
    assert request.ttl_s == 2.5


async def test_the_trace_goes_on_into_the_log(api: Api) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    _, request = await sent(api, "POST", f"{BASE}/start", headers={"traceparent": trace})
    assert request.traceparent == trace


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": "seven"},
        {"If-Match": '"7", "8"'},
        {"Idempotency-Key": ""},
        {"Idempotency-Key": "x" * 129},
        {"Idempotency-Key": "with space"},
        {"Outdial-Command-Ttl": "0"},
        {"Outdial-Command-Ttl": "soon"},
        {"Outdial-Command-Ttl": "90000"},
    ],
)
async def test_a_header_of_the_wrong_form_sends_nothing(headers: dict[str, str], api: Api) -> None:
    async with api.client() as client:
        answer = await client.post(f"{BASE}/start", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
    assert api.sender.asked == []


async def test_a_second_one_of_the_same_key_is_told_to_ask_later(tmp_path: Path) -> None:
    api = Api(tmp_path)
    began, go_on = asyncio.Event(), asyncio.Event()

    class SlowLog:
        async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
            began.set()
            await asyncio.wait_for(go_on.wait(), 5)
            return accepted(request)

    api.app.state.commands._sender = SlowLog()
    async with api.client({"Idempotency-Key": "k"}) as client:
        first = asyncio.create_task(client.post(f"{BASE}/start"))
        await asyncio.wait_for(began.wait(), 5)
        second = await client.post(f"{BASE}/start")
        asked = await client.get("/v1/commands/k")
        go_on.set()
        assert (await first).status_code == 200
        third = await client.post(f"{BASE}/start")
    assert (second.status_code, second.json()["code"]) == (409, "command-in-flight")
    assert second.headers["location"] == "/v1/commands/k?campaign=spring"
    assert (asked.status_code, asked.json()["state"]) == (202, "running")
    assert third.status_code == 200


async def test_creating_answers_201_and_where_it_is(api: Api) -> None:
    body: dict[str, Any] = {
        "name": "Spring",
        "campaign_id": CAMPAIGN,
        "region": "GB",
        "time_zone": "Europe/London",
    }
    body |= {"retry": {"Busy": {"attempts": 2, "delay_s": 5}}, "columns": ["City"]}
    answer, request = await sent(api, "POST", "/v1/campaigns", json=body)
    assert (answer.status_code, answer.headers["location"]) == (201, "/v1/campaigns/spring")
    assert isinstance(request.command, CreateCampaign)
    settings = request.command.settings
    assert (settings.name, settings.region, list(settings.columns)) == ("Spring", "GB", ["City"])
    assert [(one.outcome, one.attempts, one.delay_s) for one in settings.retry] == [("Busy", 2, 5)]
    assert settings.dialer_group == "default"


async def test_a_campaign_without_an_id_has_that_of_its_key(api: Api) -> None:
    body = {"name": "Spring", "region": "GB", "time_zone": "Europe/London"}
    _, one = await sent(api, "POST", "/v1/campaigns", json=body, headers={"Idempotency-Key": "k"})
    _, again = await sent(api, "POST", "/v1/campaigns", json=body, headers={"Idempotency-Key": "k"})
    _, other = await sent(api, "POST", "/v1/campaigns", json=body)
    assert one.stream == again.stream
    assert one.stream != other.stream


@pytest.mark.parametrize("path", ["/reset", "/delete-records"])
async def test_filters_must_be_said(path: str, api: Api) -> None:
    async with api.client() as client:
        answer = await client.post(BASE + path, json={})
    assert (answer.status_code, answer.json()["code"]) == (422, "filters-missing")
    assert api.sender.asked == []


async def test_phones_become_record_numbers_before_they_reach_the_log(api: Api) -> None:
    api.reading.phones = {"+442079460000": [4, 7], "+442079460001": [9]}
    filters = {"phone": ["+442079460000", "+442079460001"], "record_id": ["7", 9, "12"]}
    _, request = await sent(api, "POST", f"{BASE}/reset", json={"filters": filters})
    assert isinstance(request.command, ResetCampaign)
    assert [list(one.record_id or ()) for one in request.command.filters] == [[7, 9]]
    assert "4420" not in repr(request.command)


@pytest.mark.parametrize("path", ["/reset", "/delete-records"])
async def test_views_that_are_behind_hold_up_a_command_only_when_it_looks_for_phone_numbers(
    path: str, api: Api
) -> None:
    """By number it would miss the records that the views do not show yet."""
    api.sender.answer = lambda request: accepted(request, last_sequence=12)
    api.reading.phones = {"+442079460000": [4]}
    await sent(api, "POST", f"{BASE}/start")
    assert api.reading.position == "spring@9"

    answer, _ = await sent(api, "POST", BASE + path, json={"filters": {"status": ["Fail"]}})
    assert answer.status_code == 200
    asked = len(api.sender.asked)
    async with api.client() as client:
        behind = await client.post(BASE + path, json={"filters": {"phone": ["+442079460000"]}})
    assert (behind.status_code, behind.json()["code"]) == (503, "view-behind")
    assert len(api.sender.asked) == asked

    api.reading.position = "spring@12"
    await sent(api, "POST", BASE + path, json={"filters": {"phone": ["+442079460000"]}})
    assert len(api.sender.asked) == asked + 1


async def test_an_unknown_phone_matches_nothing(api: Api) -> None:
    _, request = await sent(api, "POST", f"{BASE}/reset", json={"filters": {"phone": ["+1"]}})
    assert isinstance(request.command, ResetCampaign)
    assert request.command.filters[0].record_id == () or request.command.filters[0].record_id == []


async def test_a_dry_run_answers_the_counts_and_appends_nothing(api: Api) -> None:
    details = {"selection": "abc", "by_status": {"Fail": 2}, "in_progress": 0}
    api.sender.answer = lambda request: accepted(request, affected=2, details=details)
    answer, request = await sent(api, "POST", f"{BASE}/reset?dry_run=true", json={"filters": {}})
    assert request.dry_run
    told = {"campaign": CAMPAIGN, "version": 3, "position": "Ready", "affected": 2, "message": "Done."}
    assert answer.json() == details | told


@pytest.mark.parametrize(
    ("confirm", "count", "selection"), [(7, 7, None), ("abc", None, "abc"), (None, None, None)]
)
async def test_a_delete_is_confirmed_by_count_or_selection(
    confirm: object, count: int | None, selection: str | None, api: Api
) -> None:
    body = {"filters": {}, "confirm": confirm}
    _, request = await sent(api, "POST", f"{BASE}/delete-records", json=body)
    assert isinstance(request.command, DeleteRecords)
    assert (request.command.confirm_affected, request.command.confirm_selection) == (count, selection)


async def test_what_the_log_wants_confirmed_the_caller_hears(api: Api) -> None:
    api.sender.answer = lambda request: rejected(
        request, "confirmation-required", affected=7, selection="abc"
    )
    async with api.client() as client:
        answer = await client.post(f"{BASE}/delete-records", json={"filters": {}})
    said = answer.json()
    assert (answer.status_code, said["affected"], said["selection"]) == (422, 7, "abc")


async def test_a_disposition_names_its_attempt_and_its_comment_is_in_a_block(api: Api) -> None:
    body = {
        "disposition": "Callback",
        "agent": "a7",
        "callback_at": "2026-03-01T10:00:00Z",
        "comment": "Asha",
    }
    path = f"{BASE}/attempts/spring.12.3/disposition"
    _, request = await sent(api, "POST", path, json=body, headers={"Idempotency-Key": "d1"})
    command = request.command
    assert isinstance(command, RecordDisposition)
    assert (command.record, command.attempt, command.callback_us) == (12, 3, 1_772_359_200_000_000)
    assert "Asha" not in repr(command)
    assert command.comment_block_id == api.blocks.written[0][1]
    _, again = await sent(api, "POST", path, json=body, headers={"Idempotency-Key": "d1"})
    assert again.command == command
    assert len(api.blocks.written) == 1


@pytest.mark.parametrize("attempt", ["spring.12", "autumn.12.3", "spring.x.3", "spring.1.²"])
async def test_an_attempt_of_another_form_is_unknown(attempt: str, api: Api) -> None:
    body = {"disposition": "Sale", "agent": "a7"}
    async with api.client() as client:
        answer = await client.post(f"{BASE}/attempts/{attempt}/disposition", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "attempt-unknown")


async def test_a_read_waits_for_the_log_position_that_its_caller_has_seen(api: Api) -> None:
    async with api.client() as client:
        seen = await client.get(BASE, headers={"Outdial-Min-Log-Position": "spring@9"})
        behind = await client.get(BASE, headers={"Outdial-Min-Log-Position": "spring@10"})
    assert (seen.status_code, seen.headers["etag"]) == (200, '"3"')
    assert (behind.status_code, behind.json()["code"]) == (503, "view-behind")
    assert "retry-after" in behind.headers


async def test_the_answer_of_a_command_is_kept_for_who_lost_the_connection(api: Api) -> None:
    def lose(request: Request) -> Answer:
        raise OutcomeUnknown(request.command_id)

    api.sender.answer = lose
    api.reading.commands = {"up/1": {"command_id": "up/1", "accepted": True}}
    async with api.client() as client:
        first = await client.post(f"{BASE}/start", headers={"Idempotency-Key": "up/1"})
        answer = await client.get(first.headers["location"])
    assert answer.json() == {"command_id": "up/1", "accepted": True}
