"""Says which partitions this process writes: by group membership, or fixed. It never touches data itself."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.writer.leaving import Member, hand_over
from outdial.eventlog.writer.partition import PartitionWriter
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.states import WriterState

log = logging.getLogger(__name__)
PARK_TIMEOUT_S: Final = 5.0
CLOSE_TIMEOUT_S: Final = 10.0
PROOF_TIMEOUT_S: Final = 5.0
POLL_S: Final = 0.2
REJOIN_S: Final = 1.0


class Writers:
    """The writers of this process by partition, each a task; one that ends by itself ends the process."""

    def __init__(
        self, kafka: KafkaConfig, settings: WriterSettings, prove: Callable[[int], Awaitable[None]]
    ) -> None:
        self._kafka, self._settings, self._prove = kafka, settings, prove
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.by_partition: dict[int, PartitionWriter] = {}
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def gain(self, partitions: Iterable[int]) -> None:
        """Resume those that were parked, open the others."""
        for partition in partitions:
            if writer := self.by_partition.get(partition):
                writer.resume()
                continue
            writer = PartitionWriter(self._kafka, partition, self._settings, self._prove)
            self.by_partition[partition] = writer
            self._tasks[partition] = task = asyncio.create_task(writer.run())
            task.add_done_callback(partial(self._ended, partition))

    async def park(self, partitions: Iterable[int]) -> None:
        """Let the running batches end; the states stay."""
        parking = [self.by_partition[part].park() for part in partitions if part in self.by_partition]
        with contextlib.suppress(TimeoutError):  # a batch that hangs is fenced by the next owner
            await asyncio.wait_for(asyncio.gather(*parking), PARK_TIMEOUT_S)

    async def lose(self, partitions: Iterable[int]) -> None:
        """Close those that went to somebody else, all at once."""
        await asyncio.gather(*(self._lose(partition) for partition in list(partitions)))

    async def _lose(self, partition: int) -> None:
        writer, task = self.by_partition.pop(partition), self._tasks.pop(partition)
        writer.close()
        if writer.state in (WriterState.OPENING, WriterState.LOST):
            task.cancel()  # nothing is under way that would have to end well
        await asyncio.wait([task], timeout=CLOSE_TIMEOUT_S)
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=CLOSE_TIMEOUT_S)

    def _ended(self, partition: int, task: "asyncio.Task[None]") -> None:
        """Nobody would write the partition any more: whatever a writer ends with unasked, it ends the process."""
        error = None if task.cancelled() else task.exception()
        if error is None and self._tasks.get(partition) is task:
            error = RuntimeError(f"the writer of partition {partition} ended, and nobody had asked it to")
        if error is not None and not self.failed.done():
            self.failed.set_exception(error)


class GroupOwnership(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """A consumer group decides; its consumer stays paused and only says who owns what."""

    def __init__(self, kafka: KafkaConfig, settings: WriterSettings) -> None:
        self._kafka, self._settings = kafka, settings
        self.writers = Writers(kafka, settings, self._prove)
        self._consumer = self._member()

    async def run(self, stop: asyncio.Event) -> None:
        """Own and write until `stop`; raises what a writer could not recover from.

        A membership that the group's coordinator ends is begun anew: one that is loading after a crash may do that.
        """
        await self._join()
        while True:
            try:
                await self._stay(stop)
                break
            except KafkaError as error:
                log.warning("membership lost", extra={"why": f"{type(error).__name__}: {error}"})
            if not await self._joined_again(stop):
                break
        if self.writers.failed.done():
            self.writers.failed.result()

    def _member(self) -> AIOKafkaConsumer:
        settings = self._settings
        return AIOKafkaConsumer(
            **self._kafka.client(),
            group_id=self._kafka.topic(f"{settings.group}-owners"),
            group_instance_id=settings.instance,
            enable_auto_commit=False,
            session_timeout_ms=settings.session_timeout_ms,
            heartbeat_interval_ms=max(100, settings.session_timeout_ms // 5),
            rebalance_timeout_ms=settings.rebalance_timeout_ms,
            max_poll_interval_ms=60_000,
            partition_assignment_strategy=(StickyPartitionAssignor,),
        )

    async def _join(self) -> None:
        self._consumer.subscribe([self._kafka.topic(self._settings.topics.commands)], listener=self)
        await self._consumer.start()

    async def _joined_again(self, stop: asyncio.Event) -> bool:
        """Join as a new member; False when it is to end before that works."""
        while not stop.is_set() and not self.writers.failed.done():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), REJOIN_S)
                break
            self._consumer = self._member()
            try:
                await self._join()
            except KafkaError as error:
                log.warning("not a member yet", extra={"why": f"{type(error).__name__}: {error}"})
                await closed(self._consumer.stop(), CLOSE_TIMEOUT_S)
            else:
                return True
        return False

    async def _stay(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set() and not self.writers.failed.done():
                await self._consumer.getmany(timeout_ms=int(POLL_S * 1000))  # paused: proves that we live
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_S)
        finally:
            await self.writers.park(list(self.writers.by_partition))
            await self._leave(for_good=stop.is_set() and not self.writers.failed.done())

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by the group before a rebalance."""
        await self.writers.park([tp.partition for tp in revoked])

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by the group after a rebalance."""
        self._consumer.pause(*assigned)
        mine = {tp.partition for tp in assigned}
        log.info("partitions owned", extra={"partitions": sorted(mine)})
        await self.writers.lose(set(self.writers.by_partition) - mine)
        self.writers.gain(sorted(mine))

    async def _leave(self, *, for_good: bool) -> None:
        member = self._static_member()  # which the stop forgets
        await closed(self._consumer.stop(), CLOSE_TIMEOUT_S)
        if for_good and member is not None:
            await hand_over(self._kafka, member)
        await self.writers.lose(list(self.writers.by_partition))

    def _static_member(self) -> Member | None:
        """None when the group knows us by no name, or not at all: then there is nothing that would outlive the stop."""
        name, coordinator = self._settings.instance, self._consumer._coordinator
        if name is None or coordinator is None or not coordinator.member_id:
            return None
        return Member(coordinator.group_id, coordinator.member_id, name)

    async def _prove(self, partition: int) -> None:
        """Wait until the group's coordinator itself says that the partition is still ours.

        What this process believes is worth nothing after a pause. The commit carries our member id and generation,
        and is refused when another member has taken over; its offset means nothing in this group.
        """
        tp = TopicPartition(self._kafka.topic(self._settings.topics.commands), partition)
        while True:
            try:
                await asyncio.wait_for(self._consumer.commit({tp: 0}), PROOF_TIMEOUT_S)
            except (KafkaError, TimeoutError):
                await asyncio.sleep(POLL_S)
            else:
                return


class FixedOwnership:
    """These partitions, without a group: a supervisor must see to it that no other process has them."""

    def __init__(self, kafka: KafkaConfig, settings: WriterSettings, partitions: Iterable[int]) -> None:
        self.writers = Writers(kafka, settings, self._prove)
        self._partitions = sorted(partitions)

    async def run(self, stop: asyncio.Event) -> None:
        """Write until `stop`; raises what a writer could not recover from."""
        self.writers.gain(self._partitions)
        stopping = asyncio.ensure_future(stop.wait())
        ends: list[asyncio.Future[Any]] = [stopping, self.writers.failed]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await self.writers.lose(self._partitions)
        if self.writers.failed.done():
            self.writers.failed.result()

    async def _prove(self, partition: int) -> None:
        """There is no group to ask."""
