"""A whole installation for a benchmark: `outdial up` in a folder of its own, what its processes cost, a campaign."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
import psutil

from tests.bench import workbooks
from tests.bench.measuring import tree_cpu_s
from tests.kit.stack import Stack, wait_until

NEVER: Final = [{"days": ["mon"], "from": "03:00", "to": "03:01"}]  # a running campaign calls nobody
PARTS: Final = {
    "services.api": "API",
    "services.command": "command service",
    "services.projection": "projection",
    "services.dialer": "dialer",
    "java": "broker",
    "postgres": "database",
}
UPLOAD_TIMEOUT_S: Final = 1_800.0
VIEW_TIMEOUT_S: Final = 300.0
SEND_TIMEOUT_S: Final = 300.0


@contextmanager
def installation() -> Iterator[Stack]:
    """Started, and stopped again."""
    with TemporaryDirectory(prefix="outdial-bench-up-") as folder:
        Path(folder).chmod(0o755)  # the database's account must reach its folder
        stack = Stack(Path(folder) / "data")
        stack.start()
        try:
            yield stack
        finally:
            stack.stop()
            stack.close()


def create(stack: Stack, campaign: str) -> None:
    """A campaign for the rows of `workbooks`."""
    settings = {
        "name": "Bench",
        "region": workbooks.REGION,
        "time_zone": workbooks.ZONE,
        "calling_window": NEVER,
    }
    wanted = {"campaign_id": campaign, "columns": list(workbooks.COLUMNS), **settings}
    answer = stack.post("/campaigns", json=wanted)
    assert answer.status_code == httpx.codes.CREATED, answer.text


def add_one(stack: Stack, campaign: str) -> None:
    """One record, so that the campaign can be started."""
    records = [{"PhoneNumber": "+919876543210"}]
    stack.post(f"/campaigns/{campaign}/records", json={"records": records}).raise_for_status()


def send_workbook(stack: Stack, campaign: str, workbook: Path) -> str:
    """Upload a file; returns where its receipt is."""
    with workbook.open("rb") as file:
        answer = stack.post(
            f"/campaigns/{campaign}/uploads", files={"file": (workbook.name, file)}, timeout=SEND_TIMEOUT_S
        )
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    return f"/campaigns/{campaign}/uploads/{answer.json()['upload_id']}"


def wait_for_views(stack: Stack, campaign: str, position: str) -> None:
    """Wait until the views show a campaign as it is at `campaign@sequence`."""
    wanted = int(position.rpartition("@")[2])

    def shown() -> bool:
        told: dict[str, Any] = stack.get(f"/campaigns/{campaign}")
        return int(told["log_position"].rpartition("@")[2]) >= wanted

    wait_until(shown, f"the views show {position}", VIEW_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the processes of one part took: CPU seconds, and the peak memory of the biggest in MB."""

    cpu_s: float
    peak_mb: float


def costs(stack: Stack) -> dict[str, Cost]:
    """By part, since the start. The child that reads an upload counts to the CPU of the API, not to its memory."""
    found: dict[str, Cost] = {}
    for process in stack.processes():
        name = next((name for mark, name in PARTS.items() if mark in " ".join(process.cmdline()[:3])), "")
        if name:
            family = [process, *process.children(recursive=True)] if name == "database" else [process]
            found[name] = Cost(tree_cpu_s(process.pid), max(map(_peak_mb, family)))
    return found


def total_cpu_s(told: dict[str, Cost]) -> float:
    """CPU seconds of all parts."""
    return sum(cost.cpu_s for cost in told.values())


def _peak_mb(process: psutil.Process) -> float:
    """The most that was resident at any time (VmHWM of Linux)."""
    try:
        told = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    marked: Sequence[str] = [line for line in told.splitlines() if line.startswith("VmHWM")]
    return float(marked[0].split()[1]) / 1024 if marked else 0.0
