"""What a benchmark measures and how it is told: CPU seconds of whole process trees, medians, bounds, PASS or FAIL."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import psutil

ROUNDS: Final = 3


@dataclass(slots=True)
class Span:
    """How long something took: wall seconds, and CPU seconds of this process and of those it used."""

    wall_s: float = 0.0
    own_cpu_s: float = 0.0
    other_cpu_s: float = 0.0

    @property
    def cpu_s(self) -> float:
        """All CPU seconds."""
        return self.own_cpu_s + self.other_cpu_s


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. `bound` reads like `<= 1.4`; an empty one only reports. `beside` says what it cost."""

    what: str
    value: float
    bound: str = ""
    unit: str = ""
    beside: str = ""

    @property
    def verdict(self) -> str:
        """PASS, FAIL, or nothing where there is no bound."""
        if not self.bound:
            return "-"
        sign, _, limit = self.bound.partition(" ")
        holds = self.value <= float(limit) if sign == "<=" else self.value >= float(limit)
        return "PASS" if holds else "FAIL"

    def shown(self) -> str:
        """As a row of Markdown."""
        cells = (self.what, f"{self.value:,.3g}" if self.value < 1000 else f"{self.value:,.0f}")
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"| {cells[0]} | {cells[1]}{unit} | {self.bound or 'reported'} | {self.verdict} | {self.beside} |"
        )


@dataclass(slots=True)
class Rounds:
    """Figures of interleaved rounds by name."""

    kept: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """One figure of one round."""
        self.kept.setdefault(name, []).append(value)

    def median(self, name: str) -> float:
        """The middle one."""
        return median(self.kept[name])

    def ratio(self, above: str, below: str) -> float:
        """The median of the ratios within each round."""
        pairs = zip(self.kept[above], self.kept[below], strict=True)
        return median(a / b for a, b in pairs)


def tree_cpu_s(pid: int) -> float:
    """CPU seconds that a process, its children, and those that it has already reaped have used."""
    found = 0.0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            times = one.cpu_times()
            found += times.user + times.system + times.children_user + times.children_system
    except psutil.NoSuchProcess:
        return found
    return found


@contextmanager
def span(pids: Sequence[int] = ()) -> Iterator[Span]:
    """Measure a block, with the processes that work for it."""
    told, wall, own = Span(), time.perf_counter(), time.process_time()
    others = sum(map(tree_cpu_s, pids))
    yield told
    told.wall_s, told.own_cpu_s = time.perf_counter() - wall, time.process_time() - own
    told.other_cpu_s = sum(map(tree_cpu_s, pids)) - others


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def machine() -> str:
    """Cores and load, in a line."""
    return f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"


Bench = Callable[["Place"], Sequence[Line]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where benchmarks run: a broker and a database of their own, and a folder for files."""

    bootstrap: str
    dsn: str
    folder: str
    broker_pid: int
    database_pid: int
    records: int = 1_000_000
