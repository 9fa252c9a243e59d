"""One opening of one partition: the fence, the fold, then a batch after the other until the first error."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import Decider, Decision, LogRecord, Message, Restorable
from outdial.eventlog.writer.feeder import Feeder
from outdial.eventlog.writer.opening import fold, open_commands
from outdial.eventlog.writer.place import with_place
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.snapshots import Snapshot, SnapshotFile, Tip
from outdial.eventlog.writer.transactions import Transactions

log = logging.getLogger(__name__)
TAKE_WAIT_S: Final = 0.25


class Session:
    """Everything in here is dropped together: after an error the state may be ahead of the log."""

    def __init__(self, kafka: KafkaConfig, partition: int, settings: WriterSettings) -> None:
        self._kafka, self._partition, self._settings = kafka, partition, settings
        self._transactions = Transactions(kafka, partition, settings)
        self._feeder: Feeder | None = None
        self._file: SnapshotFile | None = None
        if settings.snapshots is not None:
            name = f"{kafka.topic(settings.topics.events)}-{partition}"
            self._file = SnapshotFile(settings.snapshots, name)
        self.decider: Decider | None = None
        self.next_command = 0
        self.folded = 0
        self.commits = 0
        self._tip: Tip | None = None
        self._next_result = 0
        self._saved_tip: Tip | None = None
        self._chores_at = self._snapshot_at = 0.0

    async def open(self) -> None:
        """Fence, measure the end, fold, find the next command: in this order."""
        await self._transactions.open()
        found = await fold(self._kafka, self._partition, self._settings, self._file)
        self.decider, self.folded = found.decider, found.events
        self._tip, self._next_result = found.tip, found.results
        settings = self._settings
        reader, self.next_command = await open_commands(
            self._kafka, self._partition, settings, found.next_command
        )
        self._feeder = Feeder(reader, self.decider.prepare, settings.max_batch, settings.feed_batches)
        self.decider.opened(settings.clock())
        self._snapshot_at = time.monotonic() + settings.snapshot_every_s

    async def step(self) -> None:
        """Take what is there and commit it; then what is due without a command."""
        assert self._feeder is not None  # noqa: S101  # opened
        records = await self._feeder.take(TAKE_WAIT_S)
        while records:
            records = await self._carry_out(records)
        await self._do_chores()
        if time.monotonic() >= self._snapshot_at:
            await self.save()

    async def save(self) -> None:
        """Keep the fold in the local cache file, if there is one and something new."""
        self._snapshot_at = time.monotonic() + self._settings.snapshot_every_s
        if self._file is None or self._tip is None or self._tip == self._saved_tip:
            return
        if isinstance(self.decider, Restorable):
            state = self.decider.snapshot()
            snapshot = Snapshot(self._tip, self._next_result, state, self.next_command)
            try:
                await asyncio.to_thread(self._file.save, snapshot)
            except OSError as error:
                self._file.ignore(f"it cannot be written: {error}")
                return
            self._saved_tip = snapshot.tip

    async def close(self) -> None:
        """Let go of the clients."""
        if self._feeder is not None:
            await self._feeder.close()
        await self._transactions.close()

    async def _carry_out(self, records: list[LogRecord]) -> list[LogRecord]:
        """Decide and commit a batch; returns what did not fit into its transaction any more."""
        assert self.decider is not None  # noqa: S101  # opened
        self._settings.reached("after-read")
        now_us, size, decisions = self._settings.clock(), 0, list[Decision]()
        for record in records:
            decision = self.decider.handle(record, now_us)
            decisions.append(decision)
            size += _bytes_of(decision)
            if size > self._settings.max_bytes // 2:  # one decision more must not break the limit
                break
        self._settings.reached("after-decide")
        done = len(decisions)
        began = time.monotonic()
        await self._commit(decisions, records[done - 1].offset + 1)
        oldest_s = (now_us - records[0].timestamp_us) / 1_000_000
        self._settings.observer.committed(done, time.monotonic() - began, oldest_s)
        return records[done:]

    async def _commit(self, decisions: Sequence[Decision], next_command: int) -> None:
        topics = self._settings.topics
        events = [message for decision in decisions for message in decision.events]
        results = [message for decision in decisions for message in decision.results]
        messages: dict[str, list[Message]] = {
            topics.events: events,
            topics.results: with_place(results, next_command),
            topics.blocks: [message for decision in decisions for message in decision.blocks],
            topics.quarantine: [message for decision in decisions for message in decision.quarantine],
            topics.commands: [message for decision in decisions for message in decision.commands],
        }
        filled = {topic: batch for topic, batch in messages.items() if batch}
        last = await self._transactions.commit(filled, next_command)
        self.next_command = next_command
        self.commits += 1
        if events and self._file is not None:
            at = last[topics.events]
            self._tip = Tip.of(at, events[-1]) if at >= 0 else None
        self._next_result = max(self._next_result, last.get(topics.results, -1) + 1)

    async def _do_chores(self) -> None:
        assert self.decider is not None  # noqa: S101  # opened
        if time.monotonic() < self._chores_at:
            return
        self._chores_at = time.monotonic() + self._settings.chores_every_s
        decision = await self.decider.chores(self._settings.clock())
        if decision is not None:
            await self._commit([decision], self.next_command)


def _bytes_of(decision: Decision) -> int:
    batches = (decision.events, decision.results, decision.blocks, decision.quarantine)
    return sum(len(message.value or b"") for batch in batches for message in batch)
