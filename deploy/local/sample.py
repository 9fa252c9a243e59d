"""The sample campaign: create, upload a workbook as Excel makes them, dial it to the end, download it four times."""

import csv
import io
import sys
import threading
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import httpx
import openpyxl

from deploy.local.up import say
from outdial.files.sample import SAMPLE_COLUMNS, SAMPLE_REGION, SAMPLE_ZONE, write_sample

COMPLETE_TIMEOUT_S: Final = 300.0
FORMATS: Final = ("csv", "xlsx", "xml", "pdf")
SEED: Final = 7
SHORT_RETRY: Final = {
    outcome: {"attempts": 2, "delay_s": 2}
    for outcome in (
        "Busy",
        "NoAnswer",
        "Unreachable",
        "Rejected",
        "OutOfOrder",
        "TimerExpiry",
        "AnsweringMachine",
    )
}
ALWAYS: Final = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}]


class SampleFailed(Exception):
    """Something of the sample did not hold; says what and where."""


class Sample:
    """One run against the API at `url`; files go into `folder`."""

    def __init__(self, url: str, folder: Path, rows: int) -> None:
        self._http = httpx.Client(base_url=f"{url}/v1", timeout=60.0)
        self._folder, self._rows = folder, rows
        self._pause = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> dict[str, Any]:
        """The whole life; raises SampleFailed at the first thing that does not hold."""
        began = time.monotonic()
        campaign = self._create()
        receipt = self._upload(campaign)
        self._ask("POST", f"/campaigns/{campaign}/start")
        self._watch(campaign)
        downloads = self._download(campaign, receipt["accepted"])
        history = self._history(campaign)
        return {"history": history, "downloads": downloads, "seconds": time.monotonic() - began}

    def _create(self) -> str:
        taken = {item["campaign_id"] for item in self._all("/campaigns")}
        number = next(n for n in range(1, 1_000_000) if f"sample-{n}" not in taken)
        settings = {
            "campaign_id": f"sample-{number}",
            "name": f"Sample {number}",
            "region": SAMPLE_REGION,
            "time_zone": SAMPLE_ZONE,
            "columns": list(SAMPLE_COLUMNS),
            "calling_window": ALWAYS,
            "retry": SHORT_RETRY,
            "max_calls": 200,
            "wrap_up_s": 30,
        }
        made = self._ask("POST", "/campaigns", json=settings)
        say(f"campaign sample-{number}: {made['message']}")
        return f"sample-{number}"

    def _upload(self, campaign: str) -> dict[str, Any]:
        workbook = self._folder / f"{campaign}.xlsx"
        expected = write_sample(workbook, self._rows, SEED)
        with workbook.open("rb") as file:
            upload = self._ask(
                "POST", f"/campaigns/{campaign}/uploads", files={"file": (workbook.name, file)}
            )
        path = f"/campaigns/{campaign}/uploads/{upload['upload_id']}"
        receipt = self._wait(path, lambda found: found["state"] not in ("queued", "checking"))
        told = {name: receipt[name] for name in ("read", "accepted", "duplicate", "invalid")}
        say(f"upload {workbook.name}: {receipt['state']}, {told}")
        wanted = {
            "read": expected.rows,
            "accepted": expected.valid,
            "duplicate": expected.duplicates,
            "invalid": expected.invalid,
        }
        if receipt["state"] != "committed" or told != wanted:
            raise SampleFailed(f"the receipt says {told}, the workbook holds {wanted}: {receipt}")
        return receipt

    def _watch(self, campaign: str) -> None:
        began, before, end = time.monotonic(), 0, time.monotonic() + COMPLETE_TIMEOUT_S
        while True:
            found = self._ask("GET", f"/campaigns/{campaign}")
            counts = found["counts"]
            dialled = counts.get("attempts", 0)
            status = counts.get("by_status", {})
            say(
                f"  {time.monotonic() - began:5.1f} s  {found['position']:9}  dialled {dialled}  "
                f"success {status.get('Success', 0)}  failed {status.get('Fail', 0)}  "
                f"up {counts['in_progress']}  to dial {counts['active']}  {dialled - before} calls/s"
            )
            if found["position"] == "Completed":
                return
            if time.monotonic() > end:
                raise SampleFailed(f"{campaign} is not Completed after {COMPLETE_TIMEOUT_S:.0f} s: {counts}")
            before = dialled
            self._pause.wait(1.0)

    def _download(self, campaign: str, records: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for form in FORMATS:
            path = self._folder / f"{campaign}.{form}"
            with self._http.stream(
                "GET", f"/campaigns/{campaign}/download", params={"format": form}
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise SampleFailed(f"download {form}: {answer.status_code} {answer.read().decode()}")
                path.write_bytes(b"".join(answer.iter_bytes()))
            found[str(path)] = rows = count_rows(path)
            if rows != records:
                raise SampleFailed(f"{path} has {rows} records; the receipt says {records}")
        return found

    def _history(self, campaign: str) -> list[str]:
        events = self._all(f"/campaigns/{campaign}/history")
        kinds = Counter(event["type"].removeprefix("outdial.") for event in events)
        if kinds["CampaignCompleted"] != 1:
            raise SampleFailed(f"the history of {campaign} holds {dict(kinds)}")
        return [f"{number:5} {kind}" for kind, number in kinds.items()]

    def _all(self, path: str) -> list[dict[str, Any]]:
        found, cursor = [], None
        while True:
            page = self._ask("GET", path, params={"limit": 500, **({"cursor": cursor} if cursor else {})})
            found += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return found

    def _wait(self, path: str, done: Any) -> dict[str, Any]:
        end = time.monotonic() + COMPLETE_TIMEOUT_S
        while time.monotonic() < end:
            found: dict[str, Any] = self._ask("GET", path)
            if done(found):
                return found
            self._pause.wait(0.1)
        raise SampleFailed(f"{path} did not come to an end within {COMPLETE_TIMEOUT_S:.0f} s")

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        answer = self._http.request(method, path, **arguments)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise SampleFailed(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()


def count_rows(path: Path) -> int:
    """Records in a downloaded file, read by a reader that is not ours."""
    match path.suffix:
        case ".csv":
            return sum(1 for _ in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))) - 1
        case ".xlsx":
            book = openpyxl.load_workbook(path, read_only=True)
            sheets = [sheet for sheet in book.worksheets if sheet.title != "About"]
            return sum(sum(1 for _ in sheet.iter_rows(values_only=True)) - 1 for sheet in sheets)
        case ".xml":
            return sum(1 for _, node in ET.iterparse(path) if node.tag.rpartition("}")[2].lower() == "record")  # noqa: S314  # our own file
        case _:
            return pdf_rows(path)


def pdf_rows(path: Path) -> int:
    """Records in a PDF: how far the numbers at the beginnings of its lines go on from 1.

    Not how many numbers there are: a cell that is broken into lines may go on with digits alone.
    """
    import pypdfium2  # noqa: PLC0415  # only for the check of a PDF

    document = pypdfium2.PdfDocument(path)
    found: set[int] = set()
    for page in document:
        lines = page.get_textpage().get_text_range().splitlines()
        found.update(int(line.split()[0]) for line in lines if line.split() and line.split()[0].isdecimal())
    return next(number for number in count() if number + 1 not in found)


if __name__ == "__main__":
    sys.exit("use: make run")
