"""A lease on one partition: the group names the candidate, the log says which incarnation is the newest."""

import asyncio
import contextlib
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import Message


class Lease(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """`epoch` is the offset of this incarnation's record while it holds the lease, else None."""

    def __init__(self, kafka: KafkaConfig, topic: str, partition: int, holder: str) -> None:
        self._kafka, self._topic, self._partition, self._holder = kafka, topic, partition, holder
        self.epoch: int | None = None
        self.changed = asyncio.Event()
        self._owned = asyncio.Event()
        self._appender = Appender(kafka)
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
        )
        self._consumer.subscribe([self._kafka.topic(self._topic)], listener=self)
        await self._consumer.start()
        self._task = asyncio.create_task(self._hold())

    async def stop(self) -> None:
        """Give the lease back: a standby takes over at once."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._consumer.stop()
        await self._appender.stop()
        self.epoch = None

    async def wait(self, timeout_s: float) -> int | None:
        """Wait until the lease is held; its epoch, or None after `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), timeout_s)
        self.changed.clear()
        return self.epoch

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by the group: whoever holds the lease stops using it."""
        self._owned.clear()
        self.epoch = None
        self.changed.set()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by the group: the lease's partition may be ours now."""
        self._consumer.pause(*assigned)
        if any(tp.partition == self._partition for tp in assigned):
            self._owned.set()

    async def _hold(self) -> None:
        while True:
            await self._consumer.getmany(timeout_ms=200)  # paused: proves that we live
            if self._owned.is_set() and self.epoch is None:
                message = Message(None, self._holder.encode())
                self.epoch = await self._appender.append(self._topic, self._partition, message)
                self.changed.set()
