"""A workbook end to end over HTTP, against python-calamine that only reads it; the first refused rows; memory."""

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Final

from tests.bench.installation import (
    UPLOAD_TIMEOUT_S,
    Cost,
    costs,
    create,
    installation,
    send_workbook,
    total_cpu_s,
    wait_for_views,
)
from tests.bench.measuring import Line, Place, Span, span
from tests.bench.workbooks import write_workbook
from tests.kit.stack import Stack

MB: Final = 1 << 20
LOOK_EVERY_S: Final = 1.0
FIRST_LOOKS_S: Final = 0.1
CAMPAIGN: Final = "spring"
OVER: Final = ("committed", "rejected", "withdrawn")
FLAT: Final = ("API", "projection")
"""Parts that hold nothing of a record. Command service and dialer hold the record book: its bytes a record are told."""
PARSE: Final = """
import sys
from python_calamine import CalamineWorkbook
print(sum(1 for _ in CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).iter_rows()))
"""


@dataclass(slots=True)
class Uploaded:
    """Seconds from the first byte sent; what the parts used; what python-calamine used for the same file."""

    rows: int
    accepted_s: float = 0.0
    first_error_s: float = 0.0
    committed_s: float = 0.0
    visible_s: float = 0.0
    cpu_s: float = 0.0
    parts: dict[str, Cost] = field(default_factory=dict)
    before: dict[str, Cost] = field(default_factory=dict)
    calamine_wall_s: float = 0.0
    calamine_cpu_s: float = 0.0


def run(place: Place) -> Sequence[Line]:
    """One upload of a tenth and one of the full size, each into an installation of its own."""
    tenth, full = (
        _uploaded(Path(place.folder) / f"{rows}.xlsx", rows) for rows in (place.records // 10, place.records)
    )
    cpu = "; ".join(
        f"{name} {cost.cpu_s - full.before[name].cpu_s:.0f} s" for name, cost in full.parts.items()
    )
    walls = f"{full.committed_s:.0f} s, views {full.visible_s:.0f} s; calamine {full.calamine_wall_s:.1f} s"
    return [
        Line(
            "upload to python-calamine, until it is committed",
            full.committed_s / full.calamine_wall_s,
            "<= 12",
            beside=walls,
        ),
        Line("upload to python-calamine, CPU of all parts", full.cpu_s / full.calamine_cpu_s, beside=cpu),
        Line(
            "first refused rows visible",
            full.first_error_s,
            "<= 5",
            "s",
            f"answered after {full.accepted_s:.1f} s",
        ),
        *[_memory(name, tenth, full) for name in full.parts],
    ]


def _memory(name: str, tenth: Uploaded, full: Uploaded) -> Line:
    peaks = full.parts[name].peak_mb, tenth.parts[name].peak_mb
    bound = "<= 1.2" if name in FLAT else ""
    more = (peaks[0] - peaks[1]) * MB / (full.rows - tenth.rows)
    beside = f"{peaks[0]:.0f} : {peaks[1]:.0f} MB, {more:.0f} bytes a record"
    return Line(f"peak memory to that of a tenth: {name}", peaks[0] / peaks[1], bound, beside=beside)


def _uploaded(workbook: Path, rows: int) -> Uploaded:
    valid, found = write_workbook(workbook, rows), Uploaded(rows)
    alone = [_calamine(workbook, rows)]
    with installation() as stack:
        create(stack, CAMPAIGN)
        found.before = costs(stack)
        _upload(stack, workbook, valid, found)
        found.parts = costs(stack)
    alone.append(_calamine(workbook, rows))  # before and behind it: the machine may be busier than it was
    found.calamine_wall_s = mean(one.wall_s for one in alone)
    found.calamine_cpu_s = mean(one.cpu_s for one in alone)
    found.cpu_s = total_cpu_s(found.parts) - total_cpu_s(found.before)
    return found


def _calamine(workbook: Path, rows: int) -> Span:
    """In a process of its own, as the reader of an upload is."""
    children = _children_cpu_s()
    with span() as told:
        made = subprocess.run(
            [sys.executable, "-c", PARSE, str(workbook)],
            check=True,
            capture_output=True,
            timeout=UPLOAD_TIMEOUT_S,
        )
    assert int(made.stdout) == rows + 1, made.stdout
    told.other_cpu_s = _children_cpu_s() - children
    return told


def _upload(stack: Stack, workbook: Path, valid: int, found: Uploaded) -> None:
    began = time.monotonic()
    path = send_workbook(stack, CAMPAIGN, workbook)
    found.accepted_s = time.monotonic() - began

    while (told := stack.get(path))["state"] not in OVER:
        assert time.monotonic() - began < UPLOAD_TIMEOUT_S, told
        if told["errors"] and not found.first_error_s:
            found.first_error_s = time.monotonic() - began
        time.sleep(LOOK_EVERY_S if found.first_error_s else FIRST_LOOKS_S)  # as people do: looking costs, too
    found.committed_s = time.monotonic() - began
    found.first_error_s = found.first_error_s or found.committed_s
    assert (told["state"], told["accepted"], bool(told["errors"])) == ("committed", valid, True), told
    wait_for_views(stack, CAMPAIGN, told["log_position"])
    found.visible_s = time.monotonic() - began


def _children_cpu_s() -> float:
    """CPU seconds of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
