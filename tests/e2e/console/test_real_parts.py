"""The console and the command line on the real parts: broker, database, all services, simulated calls."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import journey
from tests.kit.browser import Browser, Page
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log
from tests.kit.stack import Stack

OUTCOMES = ("Busy", "NoAnswer", "Unreachable", "Rejected", "OutOfOrder", "TimerExpiry", "AnsweringMachine")
SETTINGS = {
    "calling_window": [
        {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}
    ],
    "retry": {
        outcome: {"attempts": 2, "delay_s": 1} for outcome in (*OUTCOMES, "CustomerHangup", "Congestion")
    },
    "dispositions": [
        {"name": "Interested", "effect": "final-success"},
        {"name": "No", "effect": "final-fail"},
    ],
    "default_disposition": "No",
    "wrap_up_s": 30,
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("console")
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    running = Stack(folder / "data")
    running.start()
    yield running
    assert check_log(asyncio.run(read_log(journey.bootstrap_of(running))), journey.ledger_of(running)) == []
    assert running.stop() == 0
    running.http.close()


def outdial(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as a program of its own, which finds the running installation by its data folder."""
    environ = {**os.environ, "OUTDIAL_DATA": str(stack.data)}
    command = [sys.executable, "-m", "outdial.runtime.cli", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=90, check=False)


@pytest.mark.timeout(240)
def test_an_administrator_takes_a_campaign_from_a_file_to_a_download(
    stack: Stack, browser: Browser, tmp_path: Path
) -> None:
    made = outdial(
        stack, "campaigns", "create", "Spring sale", "--id", "spring", "--region", "IN",
        "--time-zone", "Asia/Kolkata", "--column", "City", "--settings", str(stack.data.parent / "settings.json"),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr

    with browser.page() as page:
        page.downloads_to(tmp_path)
        page.open(f"{stack.url}/")
        page.see("no real telephone is called", "#banner")
        page.click("tbody a", "Spring sale")
        page.see("Spring sale", "h1")

        add_data(page, workbook(tmp_path))
        page.see("60", "[data-count=total]")
        start(page)
        page.see("Completed", ".pill", timeout_s=120)

        download(page)
        page.wait_for(lambda: any(tmp_path.glob("spring*.csv")), "the file is saved")
        page.wait_for(lambda: not any(tmp_path.glob("*.crdownload")), "the file is whole")
        saved = next(tmp_path.glob("spring*.csv")).read_text(encoding="utf-8-sig").splitlines()
        assert len(saved) == 61

        page.click(".tabs a", "History")
        page.see("Upload committed", "tbody")
        page.see("Campaign completed", "tbody", timeout_s=5)
        assert page.troubles == []


@pytest.mark.timeout(60)
def test_what_the_console_did_the_command_line_sees(stack: Stack, tmp_path: Path) -> None:
    watched = outdial(stack, "watch", "spring", "--until", "Completed")
    assert watched.returncode == 0, watched.stderr

    listed = json.loads(outdial(stack, "records", "spring", "--limit", "100", "--json").stdout)["items"]
    assert len(listed) == 60
    assert {one["status"] for one in listed} == {"Success", "Fail"}

    fails = sum(one["status"] == "Fail" for one in listed)
    counted = outdial(stack, "reset", "spring", "--status", "Fail", "--dry-run", "--json")
    preview = json.loads(counted.stdout)
    assert preview["affected"] + sum(preview["not_dialable"].values()) == fails

    for file_format in ("csv", "xlsx", "xml", "pdf"):
        path = tmp_path / f"out.{file_format}"
        saved = outdial(stack, "download", "spring", "--format", file_format, "--output", str(path))
        assert (saved.returncode, path.stat().st_size > 0) == (0, True), saved.stderr
    assert list(tmp_path.glob("*.part")) == []


def workbook(folder: Path) -> Path:
    """Sixty customers, one number that is none, one that stands twice."""
    rows = [f"+9198765{number:05d},Customer {number},Pune" for number in range(60)]
    path = folder / "people.csv"
    path.write_text("\n".join(["PhoneNumber,Name,City", *rows, "nobody,X,Pune", rows[0], ""]))
    return path


def add_data(page: Page, file: Path) -> None:
    page.wait("document.querySelector('#addData').ariaDisabled === 'false'")
    page.click("#addData")
    page.choose_file("#upload-file", file)
    page.click("dialog button.primary", "Upload")
    page.see("The records are added.", "dialog .headline", timeout_s=30)
    page.see("62", "dialog .cards")
    page.see("the phone number is not valid", "dialog tbody")
    page.click("dialog button", "Close")


def start(page: Page) -> None:
    page.wait("document.querySelector('#toggle').ariaDisabled === 'false'")
    page.click("#toggle")
    page.see("The campaign is running.", ".notice.good")


def download(page: Page) -> None:
    page.wait("document.querySelector('#download').ariaDisabled === 'false'")
    page.click("#download")
    page.see("60 records will be in the file.", "dialog")
    page.choose("dialog select", "csv")
    page.click("dialog button.primary", "Download")
    page.see("The download has started.", ".notice.good")
