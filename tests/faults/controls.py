"""Negative controls: each guard removed once, under a fault that it is there for. The judge has to find violations."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.faults.outcome import Hit
from tests.faults.projecting import ENGINES
from tests.faults.reader_catalogue import behind
from tests.faults.stage import Stage
from tests.faults.writer_faults import crash_at, members_change, pause_and_wake_at

STARTED_AGAIN: Final = "kill -9, started again"
# A zombie that nobody fences has nothing to notice; long enough to append what it has.
UNNOTICED_S: Final = 3.0
READ_COMMITTED: Final = "read-committed"  # removed in the clients, not in the service


@dataclass(frozen=True, slots=True)
class Control:
    """`without` is removed, `inject` is the fault that it answers."""

    without: str
    fault: str
    inject: Callable[[Stage], Awaitable[Hit]]
    names: Sequence[str] = ("a",)


CONTROLS: Final = (
    Control("known-commands", "kill -9 after commit", crash_at("after-commit")),
    Control("offsets-in-transaction", "kill -9 after commit", crash_at("after-commit")),
    Control("fencing", "zombie", pause_and_wake_at("after-decide", UNNOTICED_S), ("a", "b")),
    Control("fold-at-opening", "members change", members_change, ("a", "b")),
    Control(READ_COMMITTED, "kill -9 before commit", crash_at("before-commit")),
    Control("cursor-with-the-rows", "projection kill -9", behind(ENGINES[0], STARTED_AGAIN)),
)
