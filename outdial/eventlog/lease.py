"""A lease on one partition: the group names the candidate, the log says which incarnation is the newest."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

from outdial.eventlog.appender import Appender
from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import STOP_TIMEOUT_S, KafkaConfig, unreachable
from outdial.eventlog.offsets import high_watermarks
from outdial.eventlog.ports import AppendUnknown, LogUnavailable, Message

log = logging.getLogger(__name__)
POLL_MS: Final = 200
GIVE_UP_AFTER_S: Final = 30.0


class Lease(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """`epoch` is the offset of this incarnation's record while it holds the lease, else None.

    A holder that was paused keeps its epoch until the group tells it otherwise: whoever acts on a lease carries the
    epoch along, and whoever is asked refuses one below the highest he has seen.
    """

    def __init__(self, kafka: KafkaConfig, topic: str, partition: int, holder: str) -> None:
        self._kafka, self._topic, self._partition, self._holder = kafka, topic, partition, holder
        self.epoch: int | None = None
        self.changed = asyncio.Event()
        self._is_ours = self._is_confirmed = False
        self._turn = 0  # counts what the group has told us: an append may be overtaken by it
        self._appender = Appender(kafka)
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, session_timeout_ms: int = 6_000) -> None:
        """Become a candidate; LogUnavailable when the broker is away."""
        await self._appender.start()
        self._consumer = AIOKafkaConsumer(
            **self._kafka.client(),
            group_id=self._kafka.topic(f"{self._topic}-{self._partition}"),
            enable_auto_commit=False,
            session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=max(100, session_timeout_ms // 5),
            partition_assignment_strategy=(StickyPartitionAssignor,),  # a joining candidate moves nothing
        )
        self._consumer.subscribe([self._kafka.topic(self._topic)], listener=self)
        try:
            await self._consumer.start()
        except (KafkaError, OSError) as error:
            await self.stop()
            raise unreachable(self._kafka, error) from error
        self._task = asyncio.create_task(self._hold(self._consumer))

    async def stop(self) -> None:
        """Give the lease back: a standby takes over at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._consumer is not None:
            await closed(self._consumer.stop(), STOP_TIMEOUT_S)
        await self._appender.stop()
        self.epoch = None

    async def wait(self, timeout_s: float) -> int | None:
        """Wait until the lease is held; its epoch, or None after `timeout_s`.

        Raises what ended the candidacy, LogUnavailable when the log took no record for half a minute.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), timeout_s)
        self.changed.clear()
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        return self.epoch

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by the group before each rebalance: what is ours is in doubt until it ends."""
        self._is_ours = self._is_confirmed = False
        self._turn += 1

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by the group: the lease's partition is ours now, or somebody else's."""
        if self._consumer is not None:
            self._consumer.pause(*assigned)
        self._turn += 1
        self._is_ours = any(tp.partition == self._partition for tp in assigned)
        if not self._is_ours:
            self._set(None)

    async def _hold(self, consumer: AIOKafkaConsumer) -> None:
        try:
            while True:
                await consumer.getmany(timeout_ms=POLL_MS)  # paused: proves that we live
                if self._is_ours and not self._is_confirmed:
                    await self._take()
        finally:
            self._set(None)

    async def _take(self) -> None:
        """Confirm the epoch after a rebalance, or write this incarnation to get a new one."""
        end = time.monotonic() + GIVE_UP_AFTER_S
        turn = self._turn
        while turn == self._turn:
            try:
                epoch = await self._newest_epoch()
            except (LogUnavailable, AppendUnknown, KafkaError) as error:
                if time.monotonic() > end:
                    raise
                log.warning("lease not written yet", extra={"error": str(error)})
                await asyncio.sleep(POLL_MS / 1000)
                continue
            if turn == self._turn:
                self._is_confirmed = True
                self._set(epoch)
            return

    async def _newest_epoch(self) -> int:
        if self.epoch is not None:
            ends = await high_watermarks(self._kafka, self._topic, [self._partition])
            if ends[self._partition] == self.epoch + 1:
                return self.epoch  # nobody held the lease since
        message = Message(None, self._holder.encode())
        return await self._appender.append(self._topic, self._partition, message)

    def _set(self, epoch: int | None) -> None:
        if epoch != self.epoch:
            self.epoch = epoch
            self.changed.set()
