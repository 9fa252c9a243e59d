"""A campaign's life over HTTP, as tests of the whole system need it: create, upload, start, wait, download."""

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx

from outdial.files.sample import SAMPLE_COLUMNS, SAMPLE_REGION, SAMPLE_ZONE, SampleSummary, write_sample
from tests.kit.log_checker import PlacedCall
from tests.kit.stack import Stack, wait_until

ALWAYS = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}]
RETRY = {name: {"attempts": 2, "delay_s": 1} for name in ("Busy", "NoAnswer", "Unreachable", "Rejected")}


def create(stack: Stack, campaign: str, **settings: Any) -> None:
    """A campaign that may call at any time and retries within seconds."""
    answer = stack.post(
        "/campaigns",
        json={
            "campaign_id": campaign,
            "name": campaign.title(),
            "region": SAMPLE_REGION,
            "time_zone": SAMPLE_ZONE,
            "columns": list(SAMPLE_COLUMNS),
            "calling_window": ALWAYS,
            "retry": RETRY,
            "max_calls": 40,
            "wrap_up_s": 20,
            **settings,
        },
    )
    assert answer.status_code == 201, answer.text


def upload(stack: Stack, campaign: str, folder: Path, rows: int) -> tuple[SampleSummary, dict[str, Any]]:
    """Upload a dirty workbook and wait for its receipt."""
    workbook = folder / f"{campaign}.xlsx"
    expected = write_sample(workbook, rows, 5)
    with workbook.open("rb") as file:
        answer = stack.post(f"/campaigns/{campaign}/uploads", files={"file": (workbook.name, file)})
    assert answer.status_code == 202, answer.text
    path = f"/campaigns/{campaign}/uploads/{answer.json()['upload_id']}"
    wait_until(lambda: stack.get(path)["state"] not in ("queued", "checking"), "the upload is over")
    return expected, stack.get(path)


def wait_for_position(stack: Stack, campaign: str, position: str, timeout_s: float = 120.0) -> None:
    """Wait until the views show the position."""
    wait_until(
        lambda: position_of(stack, campaign) == position,
        f"{campaign} is {position}",
        timeout_s,
    )


def position_of(stack: Stack, campaign: str) -> str:
    """What the views show; nothing as long as they have not heard of the campaign."""
    answer = stack.http.get(f"/v1/campaigns/{campaign}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return ""
    answer.raise_for_status()
    return str(answer.json()["position"])


def dialled(stack: Stack, campaign: str) -> int:
    """How many attempts the views show."""
    return int(stack.get(f"/campaigns/{campaign}")["counts"]["attempts"])


def downloaded(stack: Stack, campaign: str) -> list[dict[str, str]]:
    """Every record as the CSV download holds it."""
    answer = stack.http.get(f"/v1/campaigns/{campaign}/download", params={"format": "csv"})
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def bootstrap_of(stack: Stack) -> str:
    """The embedded broker of a running stack."""
    ports = json.loads((stack.data / "ports.json").read_text())
    return f"127.0.0.1:{ports['broker']}"


def ledger_of(stack: Stack) -> list[PlacedCall]:
    """Every call that the simulated network carried out, from its own file."""
    with sqlite3.connect(f"file:{stack.data}/simulator/ledger.sqlite?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT attempt_id, placed_us, CASE WHEN end_due THEN '' ELSE outcome END FROM calls"
            " WHERE answer = 'placed' AND attempt_id <> ''"
        ).fetchall()
    connection.close()
    return [PlacedCall(*row) for row in rows]
