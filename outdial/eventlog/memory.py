"""A log in memory that behaves as the one on Kafka, for unit tests of what stands on it.

Transactions leave a marker behind, so that offsets have gaps here too; a test that counts on offsets fails.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from outdial.eventlog.ports import Decider, Decision, Handler, LogRecord, Message
from outdial.eventlog.writer.settings import WriterSettings

BATCH: Final = 500


class Fenced(Exception):
    """Somebody else has opened the same transactional id since."""


@dataclass(slots=True)
class _Partition:
    """Slots of a log: a record, or None for a marker or an aborted record."""

    slots: list[LogRecord | None] = field(default_factory=list)
    pending: set[int] = field(default_factory=set)

    @property
    def stable(self) -> int:
        """Readers of committed records get this far: to the first open transaction."""
        return min(self.pending, default=len(self.slots))


class MemoryLog:
    """Topics are there once they are named; each has the same number of partitions."""

    def __init__(self, partitions: int, clock: Callable[[], int]) -> None:
        self.partitions, self.clock = partitions, clock
        self._topics: dict[str, list[_Partition]] = {}
        self._offsets: dict[tuple[str, str, int], int] = {}
        self._epochs: dict[str, int] = {}
        self._open: dict[str, MemoryTransactions] = {}
        self._news = asyncio.Event()

    async def append(self, topic: str, partition: int, message: Message) -> int:
        """Append one message, return its offset. ValueError for a partition that is not there."""
        offset = self._put(topic, partition, message)
        self._tell()
        return offset

    def open(self, transactional_id: str) -> "MemoryTransactions":
        """Fence the former owner of this id, abort what it left open."""
        if former := self._open.get(transactional_id):
            former.abort()
        self._epochs[transactional_id] = self._epochs.get(transactional_id, -1) + 1
        opened = MemoryTransactions(self, transactional_id, self._epochs[transactional_id])
        self._open[transactional_id] = opened
        return opened

    def high_watermark(self, topic: str, partition: int) -> int:
        """The end of a partition, uncommitted records included."""
        return len(self._at(topic, partition).slots)

    def committed(self, group: str, topic: str, partition: int) -> int:
        """The next offset that a group's last transaction named; 0 without one."""
        return self._offsets.get((group, topic, partition), 0)

    async def replay(
        self, topic: str, starts: Mapping[int, int], ends: Mapping[int, int] | None = None
    ) -> AsyncGenerator[tuple[int, Sequence[LogRecord]], None]:
        """Committed records of each partition from its start to its end (default: the high watermark now)."""
        bounds = ends if ends is not None else {part: self.high_watermark(topic, part) for part in starts}
        for part, start in starts.items():
            while self._at(topic, part).stable < bounds[part]:
                await self._wait()
            records = self._read(topic, part, start, bounds[part])
            for first in range(0, len(records), BATCH):
                yield part, records[first : first + BATCH]

    async def follow(
        self, topic: str, starts: Mapping[int, int], wait_s: float = 0.5
    ) -> AsyncGenerator[Mapping[int, Sequence[LogRecord]], None]:
        """Committed records from the starts on, for ever; an empty mapping after `wait_s` without news."""
        at = dict(starts)
        while True:
            found: dict[int, Sequence[LogRecord]] = {}
            for part, start in at.items():
                at[part] = max(start, self._at(topic, part).stable)
                if records := self._read(topic, part, start, at[part]):
                    found[part] = records
            if not found:
                await self._wait(wait_s)
            yield found

    def _read(self, topic: str, partition: int, start: int, end: int) -> list[LogRecord]:
        slots = self._at(topic, partition).slots[start:end]
        return [slot for slot in slots if slot is not None]

    def _at(self, topic: str, partition: int) -> _Partition:
        if not 0 <= partition < self.partitions:
            raise ValueError(f"{topic} has no partition {partition}")
        return self._topics.setdefault(topic, [_Partition() for _ in range(self.partitions)])[partition]

    def _put(self, topic: str, partition: int, message: Message) -> int:
        at = self._at(topic, partition)
        offset, stamp = len(at.slots), self.clock() // 1000 * 1000
        record = LogRecord(partition, offset, stamp, message.key, message.value, message.headers)
        at.slots.append(record)
        return offset

    async def _wait(self, wait_s: float | None = None) -> None:
        self._news.clear()
        try:
            await asyncio.wait_for(self._news.wait(), wait_s)
        except TimeoutError:
            return

    def _tell(self) -> None:
        self._news.set()


class MemoryTransactions:
    """One opening of a transactional id: `begin`, `append` …, then `commit` or `abort`."""

    def __init__(self, log: MemoryLog, transactional_id: str, epoch: int) -> None:
        self._log, self._id, self._epoch = log, transactional_id, epoch
        self._sent: list[tuple[_Partition, int]] = []

    def append(self, topic: str, partition: int, message: Message) -> int:
        """Append inside of the transaction: nobody reads it before the commit. Raises Fenced."""
        self._check()
        offset = self._log._put(topic, partition, message)
        at = self._log._at(topic, partition)
        at.pending.add(offset)
        self._sent.append((at, offset))
        return offset

    def commit(self, group: str = "", offsets: Mapping[tuple[str, int], int] | None = None) -> None:
        """Make it visible, and the group's next offsets with it. Raises Fenced: then nothing is."""
        self._check()
        for (topic, partition), offset in (offsets or {}).items():
            self._log._offsets[group, topic, partition] = offset
        self._end()

    def abort(self) -> None:
        """Make it invisible for ever; its offsets stay used."""
        for at, offset in self._sent:
            at.slots[offset] = None
        self._end()

    def _end(self) -> None:
        for at, offset in self._sent:
            at.pending.discard(offset)
        for at in {id(at): at for at, _ in self._sent}.values():
            at.slots.append(None)  # the marker
        self._sent.clear()
        self._log._tell()

    def _check(self) -> None:
        if self._log._epochs[self._id] != self._epoch:
            raise Fenced(f"{self._id} was opened again")


class MemoryWriter:
    """The partition writer without tasks: `open`, then `drain` as often as commands were appended."""

    def __init__(self, log: MemoryLog, partition: int, settings: WriterSettings) -> None:
        self._log, self._partition, self._settings = log, partition, settings
        self._next = 0
        self.decider: Decider = settings.decider(partition)

    async def open(self) -> None:
        """Fence, fold, find the next command. Raises IntegrityError."""
        topics, part = self._settings.topics, self._partition
        self._transactions = self._log.open(f"{self._settings.transactional_id}-{part}")
        self.decider = self._settings.decider(part)
        async for _, records in self._log.replay(topics.events, {part: 0}):
            for record in records:
                self.decider.load_event(record)
        async for _, records in self._log.replay(topics.results, {part: 0}):
            for record in records:
                self.decider.load_result(record)
        self._next = self._log.committed(self._settings.group, topics.commands, part)
        self.decider.opened(self._settings.clock())

    async def drain(self) -> int:
        """Carry out what is in the commands topic, then the chores; returns the number of commands. Raises Fenced."""
        count, topic = 0, self._settings.topics.commands
        async for _, records in self._log.replay(topic, {self._partition: self._next}):
            for first in range(0, len(records), self._settings.max_batch):
                batch = records[first : first + self._settings.max_batch]
                await self.decider.prepare(batch)
                now_us = self._settings.clock()
                decisions = [self.decider.handle(record, now_us) for record in batch]
                self._commit(decisions, batch[-1].offset + 1)
                count += len(batch)
        if (decision := await self.decider.chores(self._settings.clock())) is not None:
            self._commit([decision], self._next)
        return count

    def _commit(self, decisions: Iterable[Decision], next_command: int) -> None:
        topics = self._settings.topics
        for decision in decisions:
            for topic, messages in (
                (topics.events, decision.events),
                (topics.results, decision.results),
                (topics.blocks, decision.blocks),
                (topics.quarantine, decision.quarantine),
                (topics.commands, decision.commands),
            ):
                for message in messages:
                    self._transactions.append(topic, self._partition, message)
        at = (topics.commands, self._partition)
        self._transactions.commit(self._settings.group, {at: next_command})
        self._next = next_command


async def deliver(log: MemoryLog, topic: str, handler: Handler) -> None:
    """The live stream without a process: everything committed behind the handler's positions, once."""
    wanted = await handler.positions(frozenset(range(log.partitions)))
    async for partition, records in log.replay(topic, wanted):
        await handler.handle(partition, records)
