"""The two logs under one suite: the one on Kafka and its twin in memory."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

from outdial.eventlog import topics
from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.memory import Fenced, MemoryLog, MemoryWriter
from outdial.eventlog.offsets import high_watermarks
from outdial.eventlog.ports import Decider, LogRecord, Message
from outdial.eventlog.replay import follow, replay
from outdial.eventlog.writer.ownership import FixedOwnership
from outdial.eventlog.writer.settings import WriterSettings
from tests.kit.until import until

PARTITIONS = 2


def now_us() -> int:
    return time.time_ns() // 1000


class Owner(Protocol):
    """A writer of partition 0."""

    async def settle(self) -> None:
        """Until every command that is there is carried out; raises Fenced when it never will be by this one."""

    async def close(self) -> None: ...


class Log(Protocol):
    async def append(self, topic: str, partition: int, message: Message) -> int: ...

    async def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> list[LogRecord]: ...

    async def hear(self, topic: str, count: int, then: Callable[[], Awaitable[object]]) -> list[LogRecord]:
        """What comes to partition 0 from now on, until it is as much as asked for; `then` runs once it listens."""

    async def own(self, decider: Callable[[int], Decider]) -> Owner: ...


class KafkaLog:
    def __init__(self, kafka: KafkaConfig) -> None:
        self.kafka = kafka
        self._appender = Appender(kafka)
        self._owners: list[KafkaOwner] = []

    async def start(self) -> None:
        await topics.apply(self.kafka, topics.Layout(partitions=PARTITIONS, replication=1, min_isr=1))
        await self._appender.start()

    async def stop(self) -> None:
        for owner in self._owners:
            await owner.close()
        await self._appender.stop()

    async def append(self, topic: str, partition: int, message: Message) -> int:
        return await self._appender.append(topic, partition, message)

    async def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> list[LogRecord]:
        ends: Mapping[int, int] | None = None if end is None else {partition: end}
        found: list[LogRecord] = []
        async with aclosing(replay(self.kafka, topic, {partition: start}, ends)) as batches:
            async for _, records in batches:
                found += records
        return found

    async def hear(self, topic: str, count: int, then: Callable[[], Awaitable[object]]) -> list[LogRecord]:
        start = await high_watermarks(self.kafka, topic, [0])
        return await first_of(follow(self.kafka, topic, start, wait_s=0.1), count, then)

    async def own(self, decider: Callable[[int], Decider]) -> Owner:
        owner = KafkaOwner(self.kafka, WriterSettings(decider, now_us))
        self._owners.append(owner)
        await owner.opened()
        return owner


class KafkaOwner:
    def __init__(self, kafka: KafkaConfig, settings: WriterSettings) -> None:
        self._kafka, self._stop = kafka, asyncio.Event()
        self._ownership = FixedOwnership(kafka, settings, [0])
        self._task = asyncio.create_task(self._ownership.run(self._stop))

    async def opened(self) -> None:
        await until(lambda: 0 in self._ownership.writers.by_partition, "the writer")
        await asyncio.wait_for(self._ownership.writers.by_partition[0].opened.wait(), 30)

    async def settle(self) -> None:
        end = (await high_watermarks(self._kafka, "outdial.commands", [0]))[0]
        writer = self._ownership.writers.by_partition[0]

        def is_settled() -> bool:
            if writer.problem.startswith("ProducerFenced"):
                raise Fenced(writer.problem)
            return writer.next_command >= end

        await until(is_settled, f"command {end}")

    async def close(self) -> None:
        self._stop.set()
        await self._task


class InMemory:
    def __init__(self) -> None:
        self.log = MemoryLog(PARTITIONS, now_us)

    async def append(self, topic: str, partition: int, message: Message) -> int:
        return await self.log.append(topic, partition, message)

    async def read(
        self, topic: str, partition: int, start: int = 0, end: int | None = None
    ) -> list[LogRecord]:
        ends = None if end is None else {partition: end}
        return [r async for _, records in self.log.replay(topic, {partition: start}, ends) for r in records]

    async def hear(self, topic: str, count: int, then: Callable[[], Awaitable[object]]) -> list[LogRecord]:
        start = {0: self.log.high_watermark(topic, 0)}
        return await first_of(self.log.follow(topic, start, wait_s=0.1), count, then)

    async def own(self, decider: Callable[[int], Decider]) -> Owner:
        owner = MemoryOwner(self.log, decider)
        await owner.writer.open()
        return owner


class MemoryOwner:
    def __init__(self, log: MemoryLog, decider: Callable[[int], Decider]) -> None:
        self.writer = MemoryWriter(log, 0, WriterSettings(decider, now_us))

    async def settle(self) -> None:
        await self.writer.drain()

    async def close(self) -> None:
        return None


async def first_of(
    batches: AsyncGenerator[Mapping[int, Sequence[LogRecord]], None],
    count: int,
    then: Callable[[], Awaitable[object]],
) -> list[LogRecord]:
    found: list[LogRecord] = []
    is_listening = False
    async with asyncio.timeout(30), aclosing(batches):
        async for batch in batches:
            if not is_listening:
                is_listening = True
                await then()
            found += batch.get(0, ())
            if len(found) >= count:
                break
    return found
