"""Downloads against PostgreSQL's own COPY of the same rows: CPU of client and server, memory, first byte."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from outdial.views import versions
from tests.bench.measuring import ROUNDS, Line, Place, Rounds, span
from tests.bench.seeding import database, seed

BOUNDS: Final = {"csv": 1.4, "xml": 5, "xlsx": 8, "pdf": 12}
MAX_PEAK_MB: Final = 150
TIMEOUT_S: Final = 600


def run(place: Place) -> Sequence[Line]:
    """Every format at full size in interleaved rounds, and once at a tenth for its memory."""
    dsn = database(place.dsn, "downloads")
    asyncio.run(versions.prepare(dsn))
    seed(dsn, "tenth", place.records // 10)
    seed(dsn, "full", place.records)
    rounds = Rounds()
    for kind in ("copy", *BOUNDS):
        _note(rounds, kind, "tenth", _download(place, dsn, "tenth", kind))
    for _ in range(ROUNDS):
        for kind in ("copy", *BOUNDS):
            _note(rounds, kind, "full", _download(place, dsn, "full", kind))
    return [line for kind, bound in BOUNDS.items() for line in _lines(rounds, kind, bound)]


def _download(place: Place, dsn: str, campaign: str, kind: str) -> Mapping[str, float]:
    """In a process of its own, with the CPU of the server beside that of the client."""
    arguments = [dsn, campaign, kind, str(Path(place.folder) / f"out.{kind}")]
    with span([place.database_pid]) as spent:
        made = subprocess.run(
            [sys.executable, "-m", "tests.bench.one_download", *arguments],
            check=True,
            capture_output=True,
            timeout=TIMEOUT_S,
        )
    told: dict[str, float] = json.loads(made.stdout)
    return {**told, "server_s": spent.other_cpu_s, "total_s": told["cpu_s"] + spent.other_cpu_s}


def _note(rounds: Rounds, kind: str, size: str, told: Mapping[str, float]) -> None:
    for name, value in told.items():
        rounds.add(f"{kind} {size} {name}", value)


def _lines(rounds: Rounds, kind: str, bound: float) -> Sequence[Line]:
    full = f"{kind} full"
    costs = {name: rounds.median(f"{full} {name}") for name in ("cpu_s", "server_s", "wall_s", "mb")}
    base = rounds.median("copy full total_s")
    beside = (
        f"CPU {costs['cpu_s']:.1f} s client + {costs['server_s']:.1f} s server, COPY {base:.1f} s;"
        f" wall {costs['wall_s']:.1f} s, {costs['mb']:.0f} MB"
    )
    peak, small = rounds.median(f"{full} peak_mb"), rounds.median(f"{kind} tenth peak_mb")
    found = [
        Line(
            f"{kind}: CPU to COPY of the same rows",
            rounds.ratio(f"{full} total_s", "copy full total_s"),
            f"<= {bound}",
            beside=beside,
        ),
        Line(
            f"{kind}: peak memory to that of a tenth", peak / small, "<= 1.2", beside=f"{small:.0f} MB there"
        ),
        Line(f"{kind}: peak memory", peak, f"<= {MAX_PEAK_MB}", "MB"),
    ]
    if kind in {"csv", "xml"}:
        found.append(Line(f"{kind}: first byte", rounds.median(f"{full} first_s"), "<= 1.0", "s"))
    return found
