"""How long nobody answers after kill -9: of the command service with a supervisor, or with a second one; of a broker.

The last two are rows of the fault harness, run here for a few hits.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from deploy.local.platform import LocalPlatform
from outdial.runtime.supervise import Patience
from tests.bench.measuring import Line, Place, percentile
from tests.faults.catalogue import FAULTS
from tests.faults.deployment import SESSION_S
from tests.faults.running import run_fault
from tests.kit import journey
from tests.kit.stack import Stack

HITS: Final = 7
NEVER: Final = [{"days": ["mon"], "from": "03:00", "to": "03:01"}]  # a running campaign calls nobody
SEED: Final = 11
PAUSE_S: Final = 0.02
PATIENCE_S: Final = 60.0
SURVIVOR: Final = "kill -9 at a random instant, another takes over"
ONE_OF_THREE: Final = "one of three brokers kill -9"


def run(place: Place) -> Sequence[Line]:
    """The median has to hold; the longest is told beside it."""
    with TemporaryDirectory(prefix="outdial-bench-up-") as folder:
        Path(folder).chmod(0o755)  # the database's account must reach its folder
        supervised = _supervised(Path(folder) / "data")
    return [
        _line("command service, restarted by `outdial up`", supervised, "<= 1.5"),
        _line("command service, another takes over", _fault(SURVIVOR, 1), f"<= {SESSION_S + 3}"),
        _line("one of three brokers", _fault(ONE_OF_THREE, 3), "<= 6"),
    ]


def _line(what: str, silences: Sequence[float], bound: str) -> Line:
    longest = max(silences)
    return Line(
        f"silence after kill -9: {what}", percentile(silences, 0.5), bound, "s", f"longest {longest:.1f} s"
    )


def _supervised(data: Path) -> Sequence[float]:
    stack = Stack(data)
    stack.start()
    try:
        journey.create(stack, "spring", calling_window=NEVER)
        records = [{"PhoneNumber": "+919876543210"}]
        stack.post("/campaigns/spring/records", json={"records": records}).raise_for_status()
        return [_silence(stack, number) for number in range(HITS)]
    finally:
        stack.stop()
        stack.close()


def _silence(stack: Stack, number: int) -> float:
    """From the kill to the answer of a command that was accepted, asked again when the API gives up waiting."""
    turn = "start" if number % 2 == 0 else "stop"
    time.sleep(Patience().quick_s + PAUSE_S)  # one that dies again at once is started again later and later
    stack.kill("command")
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        headers = {"Idempotency-Key": f"hit-{number}"}
        answer = stack.post(f"/campaigns/spring/{turn}", headers=headers, timeout=PATIENCE_S)
        if answer.status_code == httpx.codes.OK:
            return time.monotonic() - began
        assert answer.status_code in (httpx.codes.ACCEPTED, httpx.codes.SERVICE_UNAVAILABLE), answer.text
        time.sleep(PAUSE_S)
    raise TimeoutError(f"no command was answered within {PATIENCE_S:.0f} s, see {stack.data}")


def _fault(name: str, brokers: int) -> Sequence[float]:
    with TemporaryDirectory(prefix="outdial-bench-fault-") as folder:
        Path(folder).chmod(0o755)
        with LocalPlatform(Path(folder), brokers=brokers, database=brokers == 1) as platform:
            return asyncio.run(_hits(name, platform))


async def _hits(name: str, platform: LocalPlatform) -> Sequence[float]:
    silences: list[float] = []
    async for outcome in run_fault(FAULTS[name], platform, SEED, HITS):
        assert not outcome.findings, outcome.findings
        if outcome.is_hit:
            silences.append(outcome.hit.recovery_s)
    return silences
