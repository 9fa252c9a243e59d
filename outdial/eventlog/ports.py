"""What the log gives to those who use it, and what it wants from them.

Messages and decisions are tuples: several are made for every command.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

Headers = tuple[tuple[str, bytes], ...]


class Message(NamedTuple):
    """What is appended. A value of None is a tombstone."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class LogRecord(NamedTuple):
    """What is read; `timestamp_us` is Kafka's, whole milliseconds. A header that somebody else wrote may be None."""

    partition: int
    offset: int
    timestamp_us: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Decision(NamedTuple):
    """What one command leads to; everything of a batch is appended in one transaction, or nothing.

    `commands` are the writer's own, to its own partition: it takes them in as anybody's.
    """

    events: Sequence[Message] = ()
    results: Sequence[Message] = ()
    blocks: Sequence[Message] = ()
    quarantine: Sequence[Message] = ()
    commands: Sequence[Message] = ()


class LogUnavailable(Exception):
    """The broker cannot be reached, or refused: nothing was appended."""


class AppendUnknown(Exception):
    """The append was sent and not acknowledged in time: it may be in the log."""


class IntegrityError(Exception):
    """The log has a gap, a fork or an edit where none may be; names topic, partition and offset."""


class Decider(Protocol):
    """The rules of one partition. A new one is made at each opening; a failure anywhere drops it."""

    def load_event(self, record: LogRecord) -> None:
        """Fold one event of the history; raises IntegrityError."""

    def load_result(self, record: LogRecord) -> None:
        """Take in one earlier answer."""

    def opened(self, now_us: int) -> None:
        """The replay is over; commands follow."""

    async def prepare(self, records: Sequence[LogRecord]) -> None:
        """May read elsewhere what `handle` will need; runs ahead of the transaction, in order."""

    def handle(self, record: LogRecord, now_us: int) -> Decision:
        """Decide one command; may change state freely, because any failure drops the decider."""

    async def chores(self, now_us: int) -> Decision | None:
        """Asked about once a second while serving: what has to be appended without a command."""


@runtime_checkable
class Restorable(Protocol):
    """A decider whose fold may be kept in a local cache file. Both are called only between two commits."""

    def snapshot(self) -> bytes:
        """The whole fold: events and answers."""

    def restore(self, state: bytes) -> None:
        """Take a snapshot in, before anything else; ValueError when it is of another version."""


class Handler(Protocol):
    """A reader's side of the live stream. The handler owns the position; the engine only asks for it."""

    async def positions(self, partitions: frozenset[int]) -> Mapping[int, int]:
        """The next offset to read of each partition."""

    async def handle(self, partition: int, records: Sequence[LogRecord]) -> None:
        """Take one batch in; an error ends the process."""

    async def revoked(self, partitions: frozenset[int]) -> None:
        """These partitions are somebody else's now."""
