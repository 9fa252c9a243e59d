"""Start and Stop of a campaign beside a big upload and a big Reset on its partition; the Reset until it is shown."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from outdial.eventlog import topics
from outdial.messages.partition import partition_of
from tests.bench.installation import (
    UPLOAD_TIMEOUT_S,
    add_one,
    create,
    installation,
    send_workbook,
    wait_for_views,
)
from tests.bench.measuring import ROUNDS, Line, Place, percentile
from tests.bench.workbooks import write_workbook
from tests.kit.stack import Stack, wait_until

BIG: Final = "big"
PATIENCE_S: Final = 60.0
JOIN_S: Final = 120.0
EVERYTHING: Final = [{"status": ["Pending", "Success", "Fail", "Complete"]}]


def run(place: Place) -> Sequence[Line]:
    """One upload of the full size, then Resets of all its records; another campaign is stopped meanwhile."""
    workbook = Path(place.folder) / "reset.xlsx"
    valid = write_workbook(workbook, place.records)
    with installation() as stack:
        create(stack, BIG)
        other = _neighbour(BIG)
        create(stack, other)
        add_one(stack, other)
        with _turning(stack, other) as beside_upload:
            _upload(stack, workbook)
        with _turning(stack, other) as beside_reset:
            resets = [_reset(stack, valid) for _ in range(ROUNDS)]
        decided, visible = zip(*resets, strict=True)
    return [
        Line(
            f"Reset of {valid:,} records by filter: decided and durable",
            median(decided),
            "<= 1",
            "s",
            _each(decided),
        ),
        Line("the same until the views show it", median(visible), "<= 30", "s", _each(visible)),
        _line("Stop beside those Resets", beside_reset),
        _line(f"Stop beside an upload of {place.records:,} rows", beside_upload),
    ]


@dataclass(slots=True)
class Turns:
    """How long each Stop took over HTTP, in seconds, and how many requests were sent, Starts too."""

    stops: list[float] = field(default_factory=list)
    sent: int = 0


def _line(what: str, turns: Turns) -> Line:
    middle, longest = percentile(turns.stops, 0.5) * 1000, max(turns.stops) * 1000
    beside = f"p50 {middle:.0f} ms, longest {longest:.0f} ms, n = {len(turns.stops):,}"
    return Line(f"{what}, p99", percentile(turns.stops, 0.99) * 1000, "<= 1000", "ms", beside)


def _each(seconds: Sequence[float]) -> str:
    return "each: " + ", ".join(f"{one:.2f} s" for one in seconds)


def _neighbour(campaign: str) -> str:
    """A campaign on the same partition."""
    partitions = topics.Layout.named("local").partitions
    wanted = partition_of(campaign.encode(), partitions)
    names = (f"other-{number}" for number in itertools.count())
    return next(name for name in names if partition_of(name.encode(), partitions) == wanted)


@contextmanager
def _turning(stack: Stack, campaign: str) -> Iterator[Turns]:
    """Start and stop a campaign in turn, one request at a time, as long as the block lasts and at least once."""
    turns, over = Turns(), threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with httpx.Client(base_url=stack.url, timeout=PATIENCE_S) as http:
                while not (over.is_set() and turns.stops):
                    _turn(http, campaign, turns)
        except BaseException as error:  # told in the thread that measures
            failed.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield turns
    finally:
        over.set()
        worker.join(JOIN_S)
    assert not failed, failed


def _turn(http: httpx.Client, campaign: str, turns: Turns) -> None:
    for turn in ("start", "stop"):
        began = time.monotonic()
        answer = http.post(f"/v1/campaigns/{campaign}/{turn}")
        took = time.monotonic() - began
        assert answer.status_code == httpx.codes.OK, answer.text
        turns.sent += 1
        if turn == "stop":
            turns.stops.append(took)


def _upload(stack: Stack, workbook: Path) -> None:
    path = send_workbook(stack, BIG, workbook)
    wait_until(lambda: stack.get(path)["state"] not in ("queued", "checking"), "the upload", UPLOAD_TIMEOUT_S)
    told = stack.get(path)
    assert told["state"] == "committed", told
    wait_for_views(stack, BIG, told["log_position"])


def _reset(stack: Stack, records: int) -> tuple[float, float]:
    """Seconds until the answer, and until the views show it."""
    for turn in ("start", "stop"):  # only a stopped campaign is reset
        turned = stack.post(f"/campaigns/{BIG}/{turn}")
        turned.raise_for_status()
    # A Reset is asked for when the views show the Stop: sent sooner, the API holds it until they do.
    wait_for_views(stack, BIG, turned.headers["Outdial-Log-Position"])
    began = time.monotonic()
    answer = stack.post(f"/campaigns/{BIG}/reset", json={"filters": EVERYTHING}, timeout=PATIENCE_S)
    decided_s = time.monotonic() - began
    assert answer.status_code == httpx.codes.OK, answer.text
    assert answer.json()["affected"] == records, answer.text
    wait_for_views(stack, BIG, answer.headers["Outdial-Log-Position"])
    return decided_s, time.monotonic() - began
