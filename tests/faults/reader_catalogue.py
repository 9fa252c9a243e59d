"""Every fault of projections, by what happens to one; each behind either live engine."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tests.faults.outcome import Hit
from tests.faults.reader_faults import (
    comes_and_goes,
    is_started_again,
    is_taken_over,
    loses_the_broker,
    sleeps_and_wakes,
)
from tests.faults.reader_network import database_forgets_it, loses_the_log
from tests.faults.stage import Stage

READER_FAULTS: Final[Mapping[str, Callable[[Stage, str], Awaitable[Hit]]]] = {
    "kill -9, started again": is_started_again,
    "kill -9, another takes over": is_taken_over,
    "SIGSTOP, another takes over, SIGCONT": sleeps_and_wakes,
    "added and removed under load": comes_and_goes,
    "under a broker that dies": loses_the_broker,
    "without a network to the log, another takes over": loses_the_log,
    "forgotten by the network to the database": database_forgets_it,
}


def behind(engine: str, what: str) -> Callable[[Stage], Awaitable[Hit]]:
    """The fault of that name, with projections behind that engine."""
    return lambda stage: READER_FAULTS[what](stage, engine)
