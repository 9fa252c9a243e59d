"""Deleted means gone: after RecordsErased no byte of the person is on any disk of the installation."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.kit import journey
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log
from tests.kit.settled_log import check_causes
from tests.kit.stack import Stack, wait_until

CANARY_PHONE, CANARY_NAME, CANARY_CITY = "2079460123", "Zephyrine Quillfeather", "Canaryville-on-Sea"
KEPT_NAME, REFUSED_NAME = "Bartholomew Stays", "Ottoline Refused"
ERASED_WITHIN_S = 150.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("erased")
    running = Stack(folder / "data")
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
    """Delete records and wait until they are gone everywhere."""
    path = "/campaigns/spring/delete-records"
    count = stack.post(f"{path}?dry_run=true", json=chosen).json()
    deleted = stack.post(path, json=chosen | {"confirm": count["selection"]})
    assert deleted.status_code == 200, deleted.text
    assert deleted.json()["affected"] == 1
    wait_until(lambda: counts(stack)["erasing"] == 1, "the API tells that it is erasing")
    wait_until(lambda: counts(stack)["erasing"] == 0, "erased everywhere", ERASED_WITHIN_S)


def counts(stack: Stack) -> dict[str, Any]:
    found: dict[str, Any] = stack.get("/campaigns/spring")["counts"]
    return found


def left_of(stack: Stack, *words: str) -> dict[str, list[str]]:
    return {one: found for one in words if (found := files_with(stack.data, one.encode()))}


def upload(stack: Stack, file: Path) -> None:
    with file.open("rb") as opened:
        answer = stack.post("/campaigns/spring/uploads", files={"file": (file.name, opened)})
    assert answer.status_code == 202, answer.text
    path = f"/campaigns/spring/uploads/{answer.json()['upload_id']}"
    wait_until(lambda: stack.get(path)["state"] not in ("queued", "checking"), "the upload is over")
    assert stack.get(path)["state"] == "committed", stack.get(path)


def files_with(folder: Path, words: bytes) -> list[str]:
    """Every file below the folder that holds the bytes, in either of two encodings of text."""
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            try:
                content = file.read_bytes()
            except OSError:
                continue
            if words in content or words.decode().encode("utf-16-le") in content:
                found.append(str(file.relative_to(folder)))
    return found


@pytest.mark.timeout(240)
def test_the_bytes_of_a_deleted_person_are_gone_from_every_file(stack: Stack, tmp_path: Path) -> None:
    journey.create(stack, "spring", columns=["City"])
    upload(stack, workbook(tmp_path / "people.xlsx"))
    wait_until(lambda: counts(stack)["total"] == 2, "both are in the views")
    found = left_of(stack, CANARY_PHONE, CANARY_NAME, CANARY_CITY, REFUSED_NAME)
    assert found.keys() >= {CANARY_NAME, REFUSED_NAME}, "the search finds"
    assert {file for files in found.values() for file in files if "log" in Path(file).parts[0]} == set()

    delete(stack, {"filters": [{"record_id": [1]}]})

    assert left_of(stack, CANARY_PHONE, CANARY_NAME, CANARY_CITY, REFUSED_NAME) == {}
    assert left_of(stack, KEPT_NAME).keys() == {KEPT_NAME}
    assert [row["Name"] for row in journey.downloaded(stack, "spring")] == [KEPT_NAME]


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
    assert sorted(holders) == ["log", "view"]


@pytest.mark.timeout(60)
def test_an_auditor_verifies_replays_and_exports_it(stack: Stack, tmp_path: Path) -> None:
    verified = outdial(stack, "log", "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "events of 1 campaigns: every chain is whole" in verified.stdout

    replayed = outdial(stack, "log", "replay", "spring", "--json")
    shown = stack.get("/campaigns/spring")
    told = json.loads(replayed.stdout)
    assert (told["version"], told["position"], told["records"]) == (shown["version"], shown["position"], 1)

    exported = outdial(stack, "log", "export", "spring", "--output", str(tmp_path / "history.jsonl"))
    assert exported.returncode == 0, exported.stderr
    events = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [event["sequence"] for event in events] == list(range(1, told["sequence"] + 1))
    assert events[-1]["type"] == "RecordsErased"


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
