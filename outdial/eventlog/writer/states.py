"""The states of a partition writer and the ways between them."""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

log = logging.getLogger(__name__)


class WriterState(StrEnum):
    OPENING = "opening"  # fence the former owner, measure the end, fold, seek
    SERVING = "serving"  # commands become transactions
    PARKED = "parked"  # revoked: the state is kept, in case the partition comes back
    LOST = "lost"  # the state is dropped; it may be ahead of the log


TRANSITIONS: Final[Mapping[WriterState, frozenset[WriterState]]] = {
    WriterState.OPENING: frozenset({WriterState.SERVING, WriterState.LOST}),
    WriterState.SERVING: frozenset({WriterState.PARKED, WriterState.LOST}),
    WriterState.PARKED: frozenset({WriterState.SERVING, WriterState.LOST}),
    WriterState.LOST: frozenset({WriterState.OPENING}),
}


class StateMachine:
    """Where one writer is; every change is logged and told, a change that is not foreseen is a bug."""

    def __init__(self, partition: int, tell: Callable[[int, WriterState], None]) -> None:
        self._partition, self._tell = partition, tell
        self.state = WriterState.LOST

    def to(self, state: WriterState, why: str = "") -> None:
        """Change the state; ValueError when the table does not have that way."""
        if state is self.state:
            return
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"a writer cannot go from {self.state} to {state}")
        log.info(
            "writer state", extra={"partition": self._partition, "from": self.state, "to": state, "why": why}
        )
        self.state = state
        self._tell(self._partition, state)
