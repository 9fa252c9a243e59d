"""Live updates: a snapshot first, then what changed, heartbeats while nothing does."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from services.api import watching
from services.api.ports import Json
from services.api.watching import HEARTBEAT, Watch, news
from tests.unit.api.fakes import CAMPAIGN, Api, FakeReading, campaign_json


def parsed(block: bytes) -> list[tuple[str, Json, str]]:
    found = []
    for part in block.decode().strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in part.split("\n"))
        found.append((lines["event"], json.loads(lines["data"]), lines["id"]))
    return found


@pytest.mark.parametrize("campaign", [CAMPAIGN, None])
async def test_the_snapshot_comes_first_and_names_the_log_position(campaign: str | None) -> None:
    ((event, data, at),) = parsed(await Watch(FakeReading(), campaign).first(""))
    shown = data["campaign"] if campaign else data["campaigns"][0]
    assert (event, at, shown) == ("snapshot", f"{CAMPAIGN}@9", campaign_json())


async def test_who_saw_this_moment_already_gets_no_snapshot_again() -> None:
    assert await Watch(FakeReading(), CAMPAIGN).first(f"{CAMPAIGN}@9") == HEARTBEAT
    assert await Watch(FakeReading(), CAMPAIGN).first(f"{CAMPAIGN}@8") != HEARTBEAT


async def test_a_change_is_sent_as_what_changed() -> None:
    reading = FakeReading()
    watch = Watch(reading, CAMPAIGN)
    stream = watch.messages(await watch.first(""))
    await anext(stream)
    counts = {"total": 2, "active": 1, "in_progress": 1, "by_status": {"Pending": 2}, "by_reason": {}}
    reading.shown = campaign_json(position="Running", version=4, log_position=f"{CAMPAIGN}@11", counts=counts)
    reading.news.put_nowait("another")
    reading.news.put_nowait(CAMPAIGN)
    found = parsed(await asyncio.wait_for(anext(stream), 5))
    assert [(event, at) for event, _, at in found] == [("counts", "spring@11"), ("position", "spring@11")]
    assert (found[0][1]["counts"], found[1][1]["position"]) == (counts, "Running")


async def test_silence_is_broken_by_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HEARTBEAT_S", 0.0)
    reading = FakeReading()
    watch = Watch(reading, CAMPAIGN)
    stream = watch.messages(await watch.first(""))
    await anext(stream)
    reading.news.put_nowait("")
    assert await asyncio.wait_for(anext(stream), 5) == HEARTBEAT


@pytest.mark.parametrize(
    ("changes", "events"),
    [
        ({}, []),
        ({"upload": {"state": "checking", "read": 500}}, ["progress"]),
        ({"notice": {"text": "12 records were reset."}}, ["notice"]),
        ({"version": 4}, ["position"]),
    ],
)
def test_each_kind_of_change_is_its_event(changes: dict[str, Any], events: list[str]) -> None:
    assert [event for event, _ in news(campaign_json(), campaign_json(**changes))] == events


def test_a_new_campaign_is_a_snapshot_of_its_own() -> None:
    assert list(news(None, campaign_json())) == [("snapshot", {"campaign": campaign_json()})]


async def test_watching_an_unknown_campaign_is_404(tmp_path: Path) -> None:
    async with Api(tmp_path).client() as client:
        answer = await client.get("/v1/campaigns/unknown/watch")
    assert answer.json()["code"] == "campaign-unknown"
