"""The single writer of one partition: open, then take, decide, commit for ever; any failure drops it all."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiokafka.errors import ConsumerStoppedError, IllegalOperation, KafkaError, ProducerFenced

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import AppendUnknown, Decider, LogUnavailable
from outdial.eventlog.writer.clock import ClockSkew
from outdial.eventlog.writer.session import Session
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.states import StateMachine, WriterState

log = logging.getLogger(__name__)
FIRST_BACKOFF_S: Final = 0.1
LAST_BACKOFF_S: Final = 2.0
# What a new opening may cure. Everything else, IntegrityError first, is for people to look at.
CURABLE: Final = (
    KafkaError,
    IllegalOperation,
    ConsumerStoppedError,
    LogUnavailable,
    AppendUnknown,
    ClockSkew,
    TimeoutError,
    OSError,
)


class PartitionWriter:
    """`prove` is awaited before each reopening, which would fence the rightful owner otherwise."""

    def __init__(
        self,
        kafka: KafkaConfig,
        partition: int,
        settings: WriterSettings,
        prove: Callable[[int], Awaitable[None]],
    ) -> None:
        self._kafka, self.partition, self._settings, self._prove = kafka, partition, settings, prove
        self._machine = StateMachine(partition, settings.observer.changed)
        self._go, self._idle, self._closed = asyncio.Event(), asyncio.Event(), False
        self._session: Session | None = None
        self.opened = asyncio.Event()
        self.next_command = 0
        self.problem = ""
        self._go.set()
        self._idle.set()

    @property
    def state(self) -> WriterState:
        return self._machine.state

    @property
    def decider(self) -> Decider | None:
        """The rules as they stand, None while nothing is served."""
        return self._session.decider if self._session is not None else None

    async def run(self) -> None:
        """Open and serve until closed. Raises what no new opening cures: it has to end the process."""
        backoff = FIRST_BACKOFF_S
        try:
            while not self._closed:
                session = self._session = Session(self._kafka, self.partition, self._settings)
                try:
                    await self._go.wait()  # not while somebody else may be opening it
                    await self._serve(session)
                except (*CURABLE, asyncio.CancelledError) as error:
                    if _is_cancelled(error):
                        raise
                    self.problem = f"{type(error).__name__}: {error}"
                    log.warning("writer dropped", extra={"partition": self.partition, "why": self.problem})
                    await self._drop(self.problem)
                    backoff = FIRST_BACKOFF_S if session.commits else min(backoff * 2, LAST_BACKOFF_S)
                    await self._back_off(backoff, fenced=isinstance(error, ProducerFenced))
        finally:
            await self._drop("closed")

    async def park(self) -> None:
        """Revoked: finish the running batch, keep the state. A foreign opening fences the next commit."""
        self._go.clear()
        await self._idle.wait()

    def resume(self) -> None:
        """The partition is still ours: go on without a replay."""
        self._go.set()

    def close(self) -> None:
        """End `run` after the running batch; the fold is kept in the local cache file."""
        self._closed = True
        self._go.set()

    async def _serve(self, session: Session) -> None:
        if self._closed:
            return
        self._machine.to(WriterState.OPENING)
        started = time.monotonic()
        await session.open()
        self.next_command = session.next_command
        self.problem = ""
        took = time.monotonic() - started
        self._settings.observer.opened(self.partition, session.folded, took)
        self._machine.to(WriterState.SERVING, f"{session.folded} events folded in {took:.3f} s")
        self.opened.set()
        while not self._closed:
            if self._go.is_set():
                self._idle.clear()
                await session.step()
                self.next_command = session.next_command
            else:
                await session.settle()
                await self._wait_parked()
        await session.settle()
        await session.save()

    async def _wait_parked(self) -> None:
        self._machine.to(WriterState.PARKED)
        self._settings.reached("during-handover")
        self._idle.set()
        await self._go.wait()
        self._machine.to(WriterState.SERVING, "resumed")

    async def _drop(self, why: str) -> None:
        session, self._session = self._session, None
        self.opened.clear()
        self._machine.to(WriterState.LOST, why)
        self._idle.set()
        if session is not None:
            await session.close()

    async def _back_off(self, seconds: float, *, fenced: bool) -> None:
        """After a fence the group first has to notice that the partition is somebody else's."""
        if fenced:
            self._settings.observer.fenced(self.partition)
        await asyncio.sleep(self._settings.session_timeout_ms / 4000 if fenced else seconds)
        await self._prove(self.partition)


def _is_cancelled(error: BaseException) -> bool:
    """Whether our own task is to end: a client that lost the broker may cancel what is awaited of it."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
