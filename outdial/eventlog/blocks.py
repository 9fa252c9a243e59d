"""Keyed blocks on a compacted topic: written once, rewritten or tombstoned later, read by key.

A reader knows the newest offset of each key and fetches contents by seek: memory holds keys, not contents.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import partition_count
from outdial.eventlog.ports import LogRecord, Message
from outdial.eventlog.replay import follow

CACHE_BLOCKS: Final = 256
FETCH_TIMEOUT_S: Final = 10.0


class BlockWriter:
    """Appends blocks; every write is acknowledged by all replicas before it returns."""

    def __init__(self, appender: Appender, topic: str) -> None:
        self._appender, self._topic = appender, topic

    async def write(self, partition: int, key: str, value: bytes) -> int:
        """Write one block, return its offset. Raises what Appender.append raises."""
        return await self._appender.append(self._topic, partition, Message(key.encode(), value))


@dataclass(frozen=True, slots=True)
class _Place:
    partition: int
    offset: int
    is_tombstone: bool


class BlockReader:
    """Follows all partitions of a block topic; `get` waits until it has passed the offset asked for."""

    def __init__(self, kafka: KafkaConfig, topic: str) -> None:
        self._kafka, self._topic = kafka, topic
        self._places: dict[str, _Place] = {}
        self._passed: dict[int, int] = {}
        self._news = asyncio.Condition()
        self._cache: OrderedDict[tuple[int, int], bytes | None] = OrderedDict()
        self._seeking = asyncio.Lock()
        self._seeker: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow from the start of the topic."""
        count = await partition_count(self._kafka, self._topic)
        self._passed = dict.fromkeys(range(count), 0)
        self._seeker = AIOKafkaConsumer(**self._kafka.consumer())
        await self._seeker.start()
        self._following = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End following."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        if self._seeker is not None:
            await self._seeker.stop()

    async def get(self, key: str, partition: int, at_least: int, timeout_s: float) -> bytes | None:
        """The newest value of a key; None when it is tombstoned or was never written.

        Raises TimeoutError when the reader does not get past `at_least` in time.
        """
        async with asyncio.timeout(timeout_s):
            async with self._news:
                await self._news.wait_for(lambda: self._is_past(partition, at_least))
            place = self._places.get(key)
            return None if place is None or place.is_tombstone else await self._fetch(place)

    def _is_past(self, partition: int, offset: int) -> bool:
        if self._following is not None and self._following.done():
            self._following.result()
        return self._passed.get(partition, 0) > offset

    async def _follow(self) -> None:
        try:
            async for batch in follow(self._kafka, self._topic, self._passed):
                async with self._news:
                    for partition, records in batch.items():
                        self._note(partition, records)
                    self._news.notify_all()
        finally:
            async with self._news:
                self._news.notify_all()

    def _note(self, partition: int, records: Sequence[LogRecord]) -> None:
        for record in records:
            if record.key is not None:
                place = _Place(partition, record.offset, record.value is None)
                self._places[record.key.decode()] = place
                self._keep((partition, record.offset), record.value)
            self._passed[partition] = record.offset + 1

    def _keep(self, at: tuple[int, int], value: bytes | None) -> None:
        self._cache[at] = value
        self._cache.move_to_end(at)
        if len(self._cache) > CACHE_BLOCKS:
            self._cache.popitem(last=False)

    async def _fetch(self, place: _Place) -> bytes | None:
        at = (place.partition, place.offset)
        if at in self._cache:
            self._cache.move_to_end(at)
            return self._cache[at]
        assert self._seeker is not None  # noqa: S101  # started
        async with self._seeking:
            tp = TopicPartition(self._kafka.topic(self._topic), place.partition)
            self._seeker.assign([tp])
            self._seeker.seek(tp, place.offset)
            found = await self._seeker.getmany(tp, timeout_ms=int(FETCH_TIMEOUT_S * 1000), max_records=1)
        for record in found.get(tp, ()):
            if record.offset == place.offset:
                self._keep(at, record.value)
                return bytes(record.value) if record.value is not None else None
        return None
