"""The single writer of one partition: open, then take, decide, commit for ever; any failure drops it all."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from aiokafka.errors import ProducerFenced

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import Decider, Decision, IntegrityError, LogRecord, Message
from outdial.eventlog.writer.feeder import Feeder
from outdial.eventlog.writer.opening import fold, open_commands
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.states import StateMachine, WriterState
from outdial.eventlog.writer.transactions import Transactions

log = logging.getLogger(__name__)
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.1, 2.0
TAKE_WAIT_S = 0.25


class ClockSkew(Exception):
    """The writer's clock and the broker's differ by more than is allowed: no bad time enters the history."""


class PartitionWriter:
    """`is_mine` is awaited before each reopening, which would fence the rightful owner otherwise."""

    def __init__(
        self,
        kafka: KafkaConfig,
        partition: int,
        settings: WriterSettings,
        is_mine: Callable[[], Awaitable[None]],
    ) -> None:
        self._kafka, self.partition, self._settings, self._is_mine = kafka, partition, settings, is_mine
        self._machine = StateMachine(partition)
        self._go, self._idle, self._closed = asyncio.Event(), asyncio.Event(), False
        self._transactions: Transactions | None = None
        self._feeder: Feeder | None = None
        self.decider: Decider | None = None
        self.next_command = 0
        self.problem = ""
        self.opened = asyncio.Event()
        self._chores_at = 0.0
        self._go.set()
        self._idle.set()

    @property
    def state(self) -> WriterState:
        return self._machine.state

    async def run(self) -> None:
        """Open and serve until closed. IntegrityError leaves: a broken history is for people to look at."""
        backoff = FIRST_BACKOFF_S
        while not self._closed:
            try:
                await self._open()
                backoff = FIRST_BACKOFF_S
                await self._serve()
            except IntegrityError as error:
                await self._drop(str(error))
                raise
            except Exception as error:
                # whatever it was, the state may be ahead of the log: it goes with the producer
                self.problem = f"{type(error).__name__}: {error}"
                log.warning("writer dropped", extra={"partition": self.partition, "why": self.problem})
                await self._drop(self.problem)
                await self._back_off(backoff, fenced=isinstance(error, ProducerFenced))
                backoff = min(backoff * 2, LAST_BACKOFF_S)
            finally:
                self._idle.set()
        await self._drop("closed")

    async def park(self) -> None:
        """Revoked: finish the running batch, keep the state. A foreign opening fences the next commit."""
        self._go.clear()
        await self._idle.wait()

    def resume(self) -> None:
        """The partition is still ours: go on without a replay."""
        self._go.set()

    def close(self) -> None:
        """End `run` after the running batch."""
        self._closed = True
        self._go.set()

    async def _open(self) -> None:
        self._machine.to(WriterState.OPENING)
        started = time.monotonic()
        self._transactions = Transactions(self._kafka, self.partition, self._settings)
        await self._transactions.open()
        self.decider = self._settings.decider(self.partition)
        folded = await fold(self._kafka, self.partition, self._settings, self.decider)
        reader, self.next_command = await open_commands(self._kafka, self.partition, self._settings)
        settings = self._settings
        self._feeder = Feeder(reader, self.decider.prepare, settings.max_batch, settings.feed_batches)
        self.decider.opened(settings.clock())
        self.problem = ""
        took = round(time.monotonic() - started, 3)
        self._machine.to(WriterState.SERVING, f"{folded} events folded in {took} s")
        self.opened.set()

    async def _serve(self) -> None:
        assert self._feeder is not None  # noqa: S101  # opened
        while not self._closed:
            if not self._go.is_set():
                self._machine.to(WriterState.PARKED)
                self._idle.set()
                await self._go.wait()
                self._machine.to(WriterState.SERVING, "resumed")
                continue
            self._idle.clear()
            records = await self._feeder.take(TAKE_WAIT_S)
            while records:
                records = await self._carry_out(records)
            await self._do_chores()

    async def _carry_out(self, records: list[LogRecord]) -> list[LogRecord]:
        """Decide and commit a batch; returns what did not fit into its transaction any more."""
        assert self.decider is not None  # noqa: S101  # opened
        self._settings.crash("after-read")
        now_us, size, decisions = self._settings.clock(), 0, list[Decision]()
        self._check_clock(records[-1], now_us)
        for record in records:
            decision = self.decider.handle(record, now_us)
            decisions.append(decision)
            size += sum(len(message.value or b"") for message in (*decision.events, *decision.results))
            if size > self._settings.max_bytes // 2:
                break
        self._settings.crash("after-decide")
        done = len(decisions)
        await self._commit(decisions, records[done - 1].offset + 1)
        return records[done:]

    async def _commit(self, decisions: list[Decision], next_command: int) -> None:
        assert self._transactions is not None  # noqa: S101  # opened
        topics = self._settings.topics
        messages: dict[str, list[Message]] = {
            topics.events: [message for decision in decisions for message in decision.events],
            topics.results: [message for decision in decisions for message in decision.results],
            topics.blocks: [message for decision in decisions for message in decision.blocks],
            topics.quarantine: [message for decision in decisions for message in decision.quarantine],
        }
        await self._transactions.commit({t: batch for t, batch in messages.items() if batch}, next_command)
        self.next_command = next_command

    async def _do_chores(self) -> None:
        assert self.decider is not None  # noqa: S101  # opened
        if time.monotonic() < self._chores_at:
            return
        self._chores_at = time.monotonic() + self._settings.chores_every_s
        decision = await self.decider.chores(self._settings.clock())
        if decision is not None:
            await self._commit([decision], self.next_command)

    def _check_clock(self, newest: LogRecord, now_us: int) -> None:
        """A command cannot be younger than now: its time stamp is the broker's (LogAppendTime)."""
        if newest.timestamp_us - now_us > self._settings.max_skew_us:
            raise ClockSkew(f"the clock is {(newest.timestamp_us - now_us) / 1e6:.1f} s behind the broker's")

    async def _drop(self, why: str) -> None:
        if self._feeder is not None:
            await self._feeder.close()
        if self._transactions is not None:
            await self._transactions.close()
        self._feeder = self._transactions = self.decider = None
        self.opened.clear()
        self._machine.to(WriterState.LOST, why)

    async def _back_off(self, seconds: float, *, fenced: bool) -> None:
        self._settings.crash("during-handover")
        await asyncio.sleep(seconds if not fenced else self._settings.session_timeout_ms / 4000)
        await self._is_mine()
