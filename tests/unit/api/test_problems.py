"""Every code of errors.yaml reaches callers as the contract says: status, media type, fields, when to retry."""

import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.eventlog.ports import LogUnavailable
from services.api.problems import MEDIA_TYPE, Problem, catalogue
from tests.unit.api.fakes import CAMPAIGN, Api, rejected

START = f"/v1/campaigns/{CAMPAIGN}/start"


@pytest.mark.parametrize("code", sorted(catalogue()))
async def test_a_rejected_command_is_a_problem_of_its_code(code: str, tmp_path: Path) -> None:
    api = Api(tmp_path)
    api.sender.answer = lambda request: rejected(request, code, in_progress=2)
    async with api.client() as client:
        answer = await client.post(START, headers={"Idempotency-Key": "k1"})
    entry = catalogue()[code]
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (entry["status"], MEDIA_TYPE)
    assert said["type"] == f"/problems/{code}"
    assert (said["code"], said["status"], said["in_progress"]) == (code, entry["status"], 2)
    assert (said["position"], said["version"], said["command_id"]) == ("Ready", 3, "k1")
    assert said["title"] and said["detail"]
    assert answer.headers["outdial-command-id"] == "k1"
    assert ("retry-after" in answer.headers) == (entry["status"] in {429, 503})


@pytest.mark.parametrize("code", sorted(catalogue()))
async def test_the_type_of_a_problem_leads_to_its_meaning(code: str, tmp_path: Path) -> None:
    async with Api(tmp_path).client() as client:
        page = await client.get(f"/problems/{code}")
    assert page.status_code == 200
    assert str(catalogue()[code]["status"]) in page.text


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (LogUnavailable("no broker"), 503, "log-unavailable"),
        (Problem("database-unavailable"), 503, "database-unavailable"),
        (OSError(errno.ENOSPC, "No space left on device"), 503, "disk-full"),
    ],
)
async def test_a_room_that_is_away_is_503_with_retry_after(
    failure: Exception, status: int, code: str, tmp_path: Path
) -> None:
    def fail(_: Request) -> Answer:
        raise failure

    api = Api(tmp_path)
    api.sender.answer = fail
    async with api.client() as client:
        answer = await client.post(START)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert int(answer.headers["retry-after"]) > 0


async def test_an_error_of_ours_tells_the_caller_nothing_of_our_inside(tmp_path: Path) -> None:
    def fail(_: Request) -> Answer:
        raise RuntimeError("/secret/path")

    api = Api(tmp_path)
    api.sender.answer = fail
    async with api.client(raise_errors=False) as client:
        answer = await client.post(START)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text


async def test_an_outcome_that_is_not_known_is_202_with_its_location(tmp_path: Path) -> None:
    def wait(request: Request) -> Answer:
        raise OutcomeUnknown(request.command_id)

    api = Api(tmp_path)
    api.sender.answer = wait
    async with api.client() as client:
        answer = await client.post(START, headers={"Idempotency-Key": "a/b c".replace(" ", "")})
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/commands/a%2Fbc?campaign={CAMPAIGN}"
    assert answer.json()["command_id"] == "a/bc"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/nothing-here", 404, "not-found"),
        ("/nothing", 404, "not-found"),
        ("/v1/campaigns/unknown", 404, "campaign-unknown"),
        ("/v1/campaigns/spring/records/x", 404, "record-unknown"),
        ("/v1/campaigns/spring/uploads/none", 404, "upload-unknown"),
        ("/v1/campaigns/spring/downloads/none", 404, "download-unknown"),
        ("/v1/campaigns/spring/download?format=doc", 422, "format-unknown"),
        ("/v1/commands/none", 404, "command-unknown"),
        ("/v1/campaigns/spring/start", 405, "method-not-allowed"),
        ("/v1/campaigns?limit=0", 422, "request-invalid"),
        ("/v1/campaigns/UPPER", 422, "request-invalid"),
    ],
)
async def test_what_is_not_there_is_a_problem_too(path: str, status: int, code: str, tmp_path: Path) -> None:
    async with Api(tmp_path).client() as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == MEDIA_TYPE


async def blocks() -> AsyncIterator[bytes]:
    for _ in range(9):
        yield b" " * (1 << 20)


@pytest.mark.parametrize("body", [b" " * (9 << 20), blocks()])
async def test_a_body_without_end_is_too_large(body: bytes | AsyncIterator[bytes], tmp_path: Path) -> None:
    async with Api(tmp_path).client() as client:
        answer = await client.post("/v1/campaigns", content=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/name"),
        ({"name": "a", "region": "GB", "time_zone": "UTC", "colour": "red"}, "#/colour"),
        ({"name": "a", "retry": {"Busy": {"attempts": "many", "delay_s": 1}}}, "#/retry/Busy/attempts"),
        ({"name": "a", "calling_window": [{"days": [], "from": "08:00"}]}, "#/calling_window/0/to"),
        ({"name": "a", "campaign_id": "Not Good"}, "#/campaign_id"),
    ],
)
async def test_a_wrong_body_names_each_field(body: dict[str, Any], pointer: str, tmp_path: Path) -> None:
    async with Api(tmp_path).client() as client:
        answer = await client.post("/v1/campaigns", json=body)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (422, "request-invalid")
    assert pointer in [error["pointer"] for error in said["errors"]]
    assert all(error["code"] and error["detail"] for error in said["errors"])


async def test_a_campaign_without_region_or_zone_says_which_is_missing(tmp_path: Path) -> None:
    async with Api(tmp_path).client() as client:
        answer = await client.post("/v1/campaigns", json={"name": "a", "region": "GB"})
    assert (answer.status_code, answer.json()["code"]) == (422, "settings-invalid")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/time_zone"]
