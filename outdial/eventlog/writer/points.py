"""The named points of the writer's protocol. Nothing happens there, unless a fault test switched a fault on."""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from typing import Final

log = logging.getLogger(__name__)
POINTS: Final = (
    "during-open",  # fenced and folded, the next command not yet known
    "after-read",
    "after-decide",
    "after-send",  # events and answers acknowledged, the transaction open
    "before-commit",  # the offset of the commands is in the transaction as well
    "after-commit",  # durable, and nobody was told yet
    "during-handover",  # parked for a rebalance
)
KILL, PAUSE = "OUTDIAL_CRASH_AT", "OUTDIAL_PAUSE_AT"
FAULTS: Final[Mapping[str, signal.Signals]] = {KILL: signal.SIGKILL, PAUSE: signal.SIGSTOP}
Reached = Callable[[str], None]


def nothing(point: str) -> None:
    """Production: nothing happens at the named points."""


def switched_by(environ: Mapping[str, str]) -> Reached:
    """`OUTDIAL_CRASH_AT=before-commit:3` kills this process when it reaches that point for the third time.

    `OUTDIAL_PAUSE_AT` stops it (SIGSTOP) instead. ValueError for a point that there is not.
    """
    faults = {_place(environ[name]): fault for name, fault in FAULTS.items() if environ.get(name)}
    return _Switched(faults) if faults else nothing


class _Switched:
    def __init__(self, faults: Mapping[tuple[str, int], signal.Signals]) -> None:
        self._faults = faults
        self._times = dict.fromkeys(POINTS, 0)

    def __call__(self, point: str) -> None:
        self._times[point] += 1
        fault = self._faults.get((point, self._times[point]))
        if fault is not None:
            log.critical("fault", extra={"point": point, "signal": fault.name})
            os.kill(os.getpid(), fault)


def _place(text: str) -> tuple[str, int]:
    point, _, times = text.partition(":")
    if point not in POINTS or not (times or "1").isdecimal():
        raise ValueError(f"{text!r} should be a point and how often it is reached: {', '.join(POINTS)}")
    return point, int(times or "1")
