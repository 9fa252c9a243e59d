"""Says which partitions this process writes: by group membership, or fixed. It never touches data itself."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.writer.partition import PartitionWriter
from outdial.eventlog.writer.settings import WriterSettings

log = logging.getLogger(__name__)
PARK_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 10.0
POLL_S = 0.2


class Writers:
    """The writers of this process by partition, each a task; one that ends by itself ends the process."""

    def __init__(self, kafka: KafkaConfig, settings: WriterSettings) -> None:
        self._kafka, self._settings = kafka, settings
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.by_partition: dict[int, PartitionWriter] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def gain(self, partitions: Iterable[int], heartbeat: "Heartbeat") -> None:
        """Resume those that were parked, open the others."""
        for partition in partitions:
            if writer := self.by_partition.get(partition):
                writer.resume()
                continue
            writer = PartitionWriter(self._kafka, partition, self._settings, heartbeat.next)
            self.by_partition[partition] = writer
            self._tasks[partition] = task = asyncio.create_task(writer.run())
            task.add_done_callback(self._ended)

    async def park(self, partitions: Iterable[int]) -> None:
        """Let the running batches end; the states stay."""
        parking = [self.by_partition[part].park() for part in partitions if part in self.by_partition]
        with contextlib.suppress(TimeoutError):  # a batch that hangs is fenced by the next owner
            await asyncio.wait_for(asyncio.gather(*parking), PARK_TIMEOUT_S)

    async def lose(self, partitions: Iterable[int]) -> None:
        """Close those that went to somebody else."""
        for partition in list(partitions):
            writer, task = self.by_partition.pop(partition), self._tasks.pop(partition)
            writer.close()
            done, _ = await asyncio.wait([task], timeout=CLOSE_TIMEOUT_S)
            if not done:
                task.cancel()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) and not self.failed.done():
            self.failed.set_exception(error)


class Heartbeat:
    """Counts rounds of the group, so that a writer that was dropped waits for one before it reopens."""

    def __init__(self) -> None:
        self._round = asyncio.Condition()
        self._ended = False

    async def beat(self) -> None:
        """One more round with the group."""
        async with self._round:
            self._round.notify_all()

    async def end(self) -> None:
        """No more rounds: nobody waits for one any longer."""
        self._ended = True
        await self.beat()

    async def next(self) -> None:
        """Wait for the next round."""
        async with self._round:
            if not self._ended:
                await self._round.wait()


class GroupOwnership(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """A consumer group decides; its consumer stays paused and only says who owns what."""

    def __init__(self, kafka: KafkaConfig, settings: WriterSettings) -> None:
        self._kafka, self._settings = kafka, settings
        self.writers = Writers(kafka, settings)
        self._heartbeat = Heartbeat()
        self._consumer = AIOKafkaConsumer(
            **kafka.client(),
            group_id=kafka.topic(f"{settings.group}-owners"),
            group_instance_id=settings.instance,
            enable_auto_commit=False,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=max(100, settings.session_timeout_ms // 5),
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            max_poll_interval_ms=60_000,
            partition_assignment_strategy=(StickyPartitionAssignor,),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Own and write until `stop`; raises what a writer could not recover from."""
        topic = self._kafka.topic(self._settings.topics.commands)
        self._consumer.subscribe([topic], listener=self)
        await self._consumer.start()
        try:
            while not stop.is_set() and not self.writers.failed.done():
                await self._consumer.getmany(timeout_ms=int(POLL_S * 1000))  # paused: proves that we live
                await self._heartbeat.beat()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_S)
        finally:
            await self.writers.park(list(self.writers.by_partition))
            await self._leave()
        if self.writers.failed.done():
            self.writers.failed.result()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by the group before a rebalance."""
        await self.writers.park([tp.partition for tp in revoked])

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by the group after a rebalance."""
        self._consumer.pause(*assigned)
        mine = {tp.partition for tp in assigned}
        log.info("partitions owned", extra={"partitions": sorted(mine)})
        await self.writers.lose(set(self.writers.by_partition) - mine)
        self.writers.gain(sorted(mine), self._heartbeat)

    async def _leave(self) -> None:
        await self._consumer.stop()  # leaves the group: the others take over now
        await self._heartbeat.end()
        await self.writers.lose(list(self.writers.by_partition))


class FixedOwnership:
    """These partitions, without a group: a supervisor must see to it that no other process has them."""

    def __init__(self, kafka: KafkaConfig, settings: WriterSettings, partitions: Iterable[int]) -> None:
        self.writers = Writers(kafka, settings)
        self._partitions = sorted(partitions)
        self._heartbeat = Heartbeat()

    async def run(self, stop: asyncio.Event) -> None:
        """Write until `stop`; raises what a writer could not recover from."""
        self.writers.gain(self._partitions, self._heartbeat)
        while not stop.is_set() and not self.writers.failed.done():
            await self._heartbeat.beat()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), POLL_S)
        await self._heartbeat.end()
        await self.writers.lose(list(self.writers.by_partition))
        if self.writers.failed.done():
            self.writers.failed.result()
