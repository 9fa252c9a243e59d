"""One opening of one partition: the fence, the fold, then a batch after the other until the first error."""

import asyncio
import logging
import time
from typing import Final

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import Decider, Restorable
from outdial.eventlog.writer.batch import Batch
from outdial.eventlog.writer.feeder import Feeder
from outdial.eventlog.writer.opening import fold, open_commands
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.snapshots import Snapshot, SnapshotFile, Tip
from outdial.eventlog.writer.transactions import Transactions

log = logging.getLogger(__name__)
TAKE_WAIT_S: Final = 0.25
SLICE: Final = 16  # commands decided at a stretch while a transaction waits for the broker
TURNS: Final = (
    8  # of the event loop, which bring its next request to the socket: each slice between two would delay it
)


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
        self._batch = Batch()
        self._chores_at = self._snapshot_at = 0.0
        self._verified = True

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
        """Commit what is there, deciding what comes meanwhile; then what is due without a command."""
        if not self._batch.decisions:
            await self._feeder_of().wait(TAKE_WAIT_S)
        self._decide(self._settings.max_batch)
        await self._carry_out(ahead=time.monotonic() < min(self._chores_at, self._snapshot_at))
        if self._batch.decisions:
            return
        await self._do_chores()
        if time.monotonic() >= self._snapshot_at:
            await self.save()

    async def settle(self) -> None:
        """Commit what was decided ahead: afterwards the state is what the log says."""
        await self._carry_out(ahead=False)

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

    async def _carry_out(self, *, ahead: bool) -> None:
        """Commit the batch. The next one is begun `ahead`, in what time the broker takes."""
        batch, self._batch = self._batch, Batch()
        if not batch.decisions:
            return
        self._settings.reached("after-decide")
        if not (ahead and self._feeder_of().has_some):
            await self._commit(batch)
            return
        committing = asyncio.create_task(self._commit(batch))
        try:
            while self._feeder_of().has_some and not committing.done():
                await _turns(TURNS)
                if not self._decide(SLICE):
                    break
        finally:
            await committing

    def _decide(self, most: int) -> int:
        """Decide so many commands into the batch, fewer when no more are there or it is full; returns how many."""
        room = min(most, self._settings.max_batch - len(self._batch.decisions))
        records = self._feeder_of().take(room)
        if not records:
            return 0
        decider, batch, now_us = self._decider_of(), self._batch, self._settings.clock()
        if not batch.decisions:
            self._settings.reached("after-read")
            batch.waited_us = now_us - records[0].timestamp_us
        most_bytes = self._settings.max_bytes // 2  # one decision more must not break the limit
        for at, record in enumerate(records):
            if batch.size > most_bytes:
                self._feeder_of().put_back(records[at:])
                return at
            batch.add(record, decider.handle(record, now_us))
        return len(records)

    async def _commit(self, batch: Batch) -> None:
        topics, began = self._settings.topics, time.monotonic()
        messages = batch.messages(topics)
        last = await self._transactions.commit(messages, batch.next_command)
        self.next_command = batch.next_command
        self.commits += 1
        self._verified = False
        if (events := messages.get(topics.events)) and self._file is not None:
            at = last[topics.events]
            self._tip = Tip.of(at, events[-1]) if at >= 0 else None
        self._next_result = max(self._next_result, last.get(topics.results, -1) + 1)
        if batch.waited_us is not None:
            took_s, waited_s = time.monotonic() - began, batch.waited_us / 1_000_000
            self._settings.observer.committed(len(batch.decisions), took_s, waited_s)

    async def _do_chores(self) -> None:
        if time.monotonic() < self._chores_at:
            return
        self._chores_at = time.monotonic() + self._settings.chores_every_s
        if not self._verified:
            self._verified = await self._transactions.verify()
        decision = await self._decider_of().chores(self._settings.clock())
        if decision is not None:
            await self._commit(Batch([decision], next_command=self.next_command))

    def _feeder_of(self) -> Feeder:
        assert self._feeder is not None  # noqa: S101  # opened
        return self._feeder

    def _decider_of(self) -> Decider:
        assert self.decider is not None  # noqa: S101  # opened
        return self.decider


async def _turns(count: int) -> None:
    """Let everything else go on that is ready; waits for nothing."""
    for _ in range(count):
        await asyncio.sleep(0)
