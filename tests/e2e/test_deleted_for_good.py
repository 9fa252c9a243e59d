"""Deleted means gone: after RecordsErased no byte of the person is on any disk of the installation."""

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from outdial.campaign.commands import AbandonUpload
from outdial.client.requests import Request
from outdial.client.sender import CommandSender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.topics import Layout
from tests.kit import journey
from tests.kit.files_with import files_with
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log
from tests.kit.settled_log import check_causes
from tests.kit.stack import Stack, wait_until

CANARY_PHONE, CANARY_NAME, CANARY_CITY = "2079460123", "Zephyrine Quillfeather", "Canaryville-on-Sea"
REFUSED_NAME, CANARY_COMMENT = "Ottoline Refused", "Would rather talk about dahlias"
DELETED = (CANARY_PHONE, CANARY_NAME, CANARY_CITY, REFUSED_NAME, CANARY_COMMENT)
TAKEN_OFF, CLEARED, STAYS_LISTED = "442079461222", "442079461333", "442079461444"  # numbers on lists
KEPT_NAME = "Bartholomew Stays"
NEVER_IN, NOT_EVEN_READ = (
    "Gwendolyn Turnedaway",
    "Lysander Nonumber",
)  # of an upload that is rejected as a whole
LOST = "Thaddeus Halfway"  # of one whose uploader dies
LOST_ROWS = 20_000
ERASED_WITHIN_S = 150.0
SWEPT_AFTER_S = 6
KILLED = ("command", "projection", "projection", "command")
SEED = 20261126
PARTITIONS = Layout.named("local").partitions


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("erased")
    running = Stack(
        folder / "data",
        OUTDIAL_SIMULATOR_SHARES="Answered=100",
        OUTDIAL_UNREFERENCED_AFTER=str(SWEPT_AFTER_S),
    )
    running.start()
    yield running
    assert running.stop() == 0
    running.close()


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["PhoneNumber", "Name", "Priority", "City"])
    sheet.append([f"+44{CANARY_PHONE}", CANARY_NAME, 7, CANARY_CITY])
    sheet.append([f"+44 {CANARY_PHONE}", CANARY_NAME, 7, CANARY_CITY])  # a duplicate of the same person
    sheet.append(["+442079460999", KEPT_NAME, 3, "Leeds"])
    sheet.append(["not a number", REFUSED_NAME, 3, "Leeds"])
    book.save(path)
    return path


def delete(stack: Stack, chosen: dict[str, Any]) -> None:
    """Delete records."""
    path = "/campaigns/spring/delete-records"
    count = stack.post(f"{path}?dry_run=true", json=chosen).json()
    deleted = stack.post(path, json=chosen | {"confirm": count["selection"]})
    assert deleted.status_code == 200, deleted.text
    assert deleted.json()["affected"] == 1
    wait_until(lambda: counts(stack)["erasing"] == 1, "the API tells that it is erasing")


def counts(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.get("/campaigns/spring")["counts"]
    return found


def is_erased(stack: Stack) -> bool:
    """Whether the API answers, which does not matter here, and says so."""
    try:
        return bool(counts(stack)["erasing"] == 0)
    except httpx.HTTPError:
        return False


def left_of(stack: Stack, *words: str) -> dict[str, list[str]]:
    return {one: found for one in words if (found := files_with(stack.data, one))}


def upload(stack: Stack, file: str, content: bytes, **fields: str) -> dict[str, Any]:
    """Begin an upload; where its receipt stands."""
    answer = stack.post("/campaigns/spring/uploads", files={"file": (file, content)}, data=fields)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def receipt(stack: Stack, told: dict[str, Any]) -> dict[str, Any]:
    """The receipt of an upload that is over."""
    path = f"/campaigns/spring/uploads/{told['upload_id']}"
    wait_until(lambda: stack.get(path)["state"] not in ("queued", "checking"), "the upload is over")
    found: dict[str, Any] = stack.get(path)
    return found


def dial_and_comment(stack: Stack) -> None:
    """Both are called, and an agent writes something about the one who is deleted later."""
    assert stack.post("/campaigns/spring/start").status_code == 200
    wait_until(lambda: answered(stack) == 2, "both calls are answered")
    said = {"disposition": "Interested", "agent": "a7", "comment": CANARY_COMMENT}
    assert stack.post("/campaigns/spring/attempts/spring.1.1/disposition", json=said).status_code == 200
    assert stack.post("/campaigns/spring/force-complete").status_code == 200
    journey.wait_for_position(stack, "spring", "Completed")


def answered(stack: Stack) -> int:
    attempts = [stack.get(f"/campaigns/spring/records/{one}")["attempts_made"] for one in (1, 2)]
    return sum(any(made["outcome"] == "Answered" for made in one) for one in attempts)


def write_download(stack: Stack) -> str:
    """A download in a file of the API's; where its state stands."""
    where = stack.post("/campaigns/spring/downloads", params={"format": "csv"}).headers["location"]
    path = where.removeprefix("/v1")
    wait_until(lambda: stack.get(path)["state"] == "done", "the download is whole")
    return str(path)


def lose_an_uploader(stack: Stack) -> str:
    """Some chunks of an upload are in when its API dies and does not come back; returns the upload's id."""
    again = f"+44{CANARY_PHONE},{CANARY_NAME}\r\n"  # who is deleted while this is open
    rows = "".join(f"+4420795{number:05d},{LOST} {number}\r\n" for number in range(LOST_ROWS))
    told = upload(stack, "lost.csv", f"PhoneNumber,Name\r\n{again}{rows}".encode())
    path = f"/campaigns/spring/uploads/{told['upload_id']}"
    wait_until(lambda: stack.get(path)["read"] > 0, "some of it is in")
    stack.lose_api(stack.data / "uploads" / told["upload_id"])
    wait_until(stack.is_ready, "the API is back")
    assert stack.get(path)["state"] == "checking", "it was killed in the middle"
    return str(told["upload_id"])


async def abandon(stack: Stack, upload_id: str) -> None:
    """What the dialer asks for when an upload has stood still for ten minutes."""
    sender = CommandSender(KafkaConfig(journey.bootstrap_of(stack)), PARTITIONS, "tests")
    await sender.start()
    try:
        command = AbandonUpload(upload_id, idle_since_us=time.time_ns() // 1000)
        assert (await sender.send(Request("spring", command, f"abandon/{upload_id}", "tests"), 20)).accepted
    finally:
        await sender.stop()


def fill_lists(stack: Stack) -> None:
    """Two numbers on one list, one on another."""
    for name, numbers in (("national", [TAKEN_OFF, STAYS_LISTED]), ("former", [CLEARED])):
        assert stack.post("/do-not-call", json={"list_id": name, "name": name}).status_code == 201
        told = stack.post(f"/do-not-call/{name}/numbers", json={"numbers": [f"+{one}" for one in numbers]})
        assert told.json()["added"] == len(numbers), told.text


def take_off(stack: Stack) -> None:
    """One number off its list, all off the other."""
    told = stack.post("/do-not-call/national/remove", json={"numbers": [f"+{TAKEN_OFF}"]})
    assert (told.status_code, told.json()["affected"]) == (200, 1), told.text
    assert stack.post("/do-not-call/former/clear", json={"confirm": 1}).json()["affected"] == 1


def kill_meanwhile(stack: Stack) -> None:
    """kill -9 of those who erase, at instants that chance picks, while there is something to erase."""
    chance, pause = random.Random(SEED), threading.Event()
    for service in KILLED:
        pause.wait(chance.uniform(0.5, 4.0))
        assert not is_erased(stack), "it hits while it erases"
        stack.kill(service)


@pytest.mark.timeout(300)
def test_the_bytes_of_deleted_and_of_turned_away_people_are_gone_from_every_file(
    stack: Stack, tmp_path: Path
) -> None:
    journey.create(stack, "spring", columns=["City"])
    people = workbook(tmp_path / "people.xlsx").read_bytes()
    assert receipt(stack, upload(stack, "people.xlsx", people))["state"] == "committed"
    wait_until(lambda: counts(stack)["total"] == 2, "both are in the views")
    dial_and_comment(stack)
    assert stack.get("/campaigns/spring/records", phone=f"+44{CANARY_PHONE}")["total"] == 1
    refused = f"PhoneNumber,Name\r\n+442079460555,{NEVER_IN}\r\nnone,{NOT_EVEN_READ}\r\n".encode()
    assert receipt(stack, upload(stack, "b.csv", refused, mode="all-or-nothing"))["state"] == "rejected"
    assert outdial(stack, "views", "rebuild").returncode == 0  # the former version is kept
    fill_lists(stack)
    lost = lose_an_uploader(stack)
    written = write_download(stack)
    found = left_of(stack, *DELETED, TAKEN_OFF, CLEARED, NEVER_IN, NOT_EVEN_READ, LOST)
    assert found.keys() == {*DELETED, TAKEN_OFF, CLEARED, NEVER_IN, NOT_EVEN_READ, LOST}, "the search finds"
    stores = {Path(file).parts[0] for file in found[CANARY_NAME]}
    assert stores == {"broker", "database", "downloads"}
    assert stores >= {Path(file).parts[0] for files in found.values() for file in files}

    delete(stack, {"filters": [{"record_id": [1]}]})
    take_off(stack)
    kill_meanwhile(stack)
    asyncio.run(abandon(stack, lost))
    wait_until(lambda: is_erased(stack), "erased everywhere", ERASED_WITHIN_S)

    assert left_of(stack, *DELETED, NOT_EVEN_READ) == {}
    gone = (NEVER_IN, LOST, TAKEN_OFF, CLEARED)
    wait_until(lambda: left_of(stack, *gone) == {}, "swept", ERASED_WITHIN_S)
    for kept in (KEPT_NAME, STAYS_LISTED):
        assert {Path(file).parts[0] for file in left_of(stack, kept)[kept]} >= {"broker", "database"}
    assert [row["Name"] for row in journey.downloaded(stack, "spring")] == [KEPT_NAME]
    assert stack.http.get(f"/v1{written}").status_code == 404
    shown = {one["upload_id"]: one["state"] for one in stack.get("/campaigns/spring/uploads")["items"]}
    assert shown[lost] == "rejected"


@pytest.mark.timeout(60)
def test_a_rebuilt_view_equals_the_live_one_after_erasures(stack: Stack) -> None:
    before = stack.get("/campaigns/spring")

    rebuilt = outdial(stack, "views", "rebuild")

    assert rebuilt.returncode == 0, rebuilt.stderr
    assert stack.get("/campaigns/spring") == before


def test_the_history_is_whole_and_says_who_confirmed(stack: Stack) -> None:
    log = asyncio.run(read_log(journey.bootstrap_of(stack)))

    assert check_log(log) == []
    assert list(check_causes(log)) == []
    holders = [event.fields["holder"] for event in log.events if event.name.endswith("ErasureConfirmed")]
    assert sorted(holders) == ["log"] * 3 + ["view"] * 3  # of a record and of two lists


@pytest.mark.timeout(60)
def test_an_auditor_verifies_replays_and_exports_it(stack: Stack, tmp_path: Path) -> None:
    verified = outdial(stack, "log", "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "events of 1 campaigns and 2 do-not-call lists: every chain is whole" in verified.stdout

    replayed = outdial(stack, "log", "replay", "spring", "--json")
    shown = stack.get("/campaigns/spring")
    told = json.loads(replayed.stdout)
    assert (told["version"], told["position"], told["records"]) == (shown["version"], shown["position"], 1)

    exported = outdial(stack, "log", "export", "spring", "--output", str(tmp_path / "history.jsonl"))
    assert exported.returncode == 0, exported.stderr
    events = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [event["sequence"] for event in events] == list(range(1, told["sequence"] + 1))
    assert events[-1]["type"] == "RecordsErased"


@pytest.mark.timeout(60)
def test_nothing_comes_back_with_the_end_of_the_installation(stack: Stack) -> None:
    """A clean stop writes snapshots, and whatever else was only in memory."""
    assert stack.stop() == 0
    assert list((stack.data / "command").iterdir()), "the writer has kept its fold"
    assert left_of(stack, *DELETED, TAKEN_OFF, CLEARED, NEVER_IN, NOT_EVEN_READ, LOST) == {}


def outdial(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as a program of its own, with the addresses of broker and database."""
    return subprocess.run(
        [sys.executable, "-m", "outdial.runtime.cli", *words],
        env=os.environ | settings_of(stack),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def settings_of(stack: Stack) -> dict[str, str]:
    ports = json.loads((stack.data / "ports.json").read_text())
    return {
        "OUTDIAL_KAFKA": f"127.0.0.1:{ports['broker']}",
        "OUTDIAL_DATABASE": f"postgresql://postgres@127.0.0.1:{ports['database']}/outdial",
    }
