"""One event of the log as the fold takes it: decoded, with what its envelope says."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from outdial.campaign.events import Event
from outdial.donotcall import events as donotcall
from outdial.messages.persons import PersonsBlock

LogEnd = Callable[[int], Awaitable[int]]
"""Where a partition of the events ends now, uncommitted ones included."""


class Blocks(Protocol):
    """Where personal data is read."""

    async def read(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        """The block, None when it was erased. Waits until the reader has passed `offset`; TimeoutError."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with its place in the log.

    `campaign` is its stream. `block` is that of its records or entries, `missing` are those that are not in it, and
    `known_until` is the offset before which an event must say why. `problem` says why the event cannot be taken in;
    `event` is None then.
    """

    campaign: str
    sequence: int
    partition: int
    offset: int
    at_us: int
    actor: str
    command_id: str
    event: Event | donotcall.Event | None
    block: PersonsBlock | None = None
    missing: Sequence[int] = ()
    known_until: int = 0
    problem: str = ""
