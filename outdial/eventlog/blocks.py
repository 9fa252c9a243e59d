"""Keyed blocks on a compacted topic: written once, rewritten or tombstoned later, read by key.

A reader knows the newest offset of each key and fetches contents by seek: memory holds keys, not contents.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig, connected
from outdial.eventlog.offsets import partition_count
from outdial.eventlog.ports import LogRecord, Message
from outdial.eventlog.replay import follow_positions

CACHE_BYTES: Final = 32 << 20
FETCH_WAIT_MS: Final = 1000


class BlockWriter:
    """Appends blocks; every write is acknowledged by all replicas before it returns."""

    def __init__(self, appender: Appender, topic: str) -> None:
        self._appender, self._topic = appender, topic

    async def write(self, partition: int, key: str, value: bytes) -> int:
        """Write one block, return its offset. Raises what Appender.append raises."""
        return await self._appender.append(self._topic, partition, Message(key.encode(), value))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block of a key is, and since when (microseconds UTC)."""

    partition: int
    offset: int
    is_tombstone: bool
    written_us: int = 0


class BlockCache:
    """The blocks that were read or written last, bounded in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most, self._size = most_bytes, 0
        self._blocks: OrderedDict[Place, bytes] = OrderedDict()

    def keep(self, place: Place, value: bytes) -> None:
        """Keep one block; the ones that were not asked for longest make room."""
        self.forget(place)
        self._blocks[place] = value
        self._size += len(value)
        while self._size > self._most:
            _, gone = self._blocks.popitem(last=False)
            self._size -= len(gone)

    def get(self, place: Place) -> bytes | None:
        """One block, if it is here."""
        if place in self._blocks:
            self._blocks.move_to_end(place)
        return self._blocks.get(place)

    def forget(self, place: Place) -> None:
        """Drop one block: it was rewritten or tombstoned."""
        self._size -= len(self._blocks.pop(place, b""))


class BlockReader:
    """Follows all partitions of a block topic; `get` waits until it has passed the offset asked for."""

    def __init__(self, kafka: KafkaConfig, topic: str, cache_bytes: int = CACHE_BYTES) -> None:
        self._kafka, self._topic = kafka, topic
        self._places: dict[bytes, Place] = {}
        self._former: dict[bytes, list[Place]] = {}
        self._passed: dict[int, int] = {}
        self._news = asyncio.Condition()
        self._cache = BlockCache(cache_bytes)
        self._seeking = asyncio.Lock()
        self._open = AsyncExitStack()
        self._seeker: AIOKafkaConsumer | None = None
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow from the start of the topic. Raises LogUnavailable."""
        count = await partition_count(self._kafka, self._topic)
        self._passed = dict.fromkeys(range(count), 0)
        self._seeker = await self._open.enter_async_context(connected(self._kafka, **self._kafka.consumer()))
        self._following = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End following."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        await self._open.aclose()

    async def get(self, key: str, partition: int, at_least: int, timeout_s: float) -> bytes | None:
        """The newest value of a key; None when it is tombstoned or was never written.

        Raises TimeoutError when the reader does not get past `at_least` in time, and what ended its following.
        """
        name = key.encode()
        async with asyncio.timeout(timeout_s):
            await self._until(lambda: self._passed.get(partition, 0) > at_least)
            while (place := self._places.get(name)) is not None and not place.is_tombstone:
                if (value := self._cache.get(place) or await self._fetch(place)) is not None:
                    return value
                # compacted away since: what took its place is on its way to us
                await self._until(partial(self._is_newer, name, place))
            return None

    def release(self, key: str) -> None:
        """Nobody needs the value of a key again soon: it makes room for those that are still to be read."""
        if (place := self._places.get(key.encode())) is not None:
            self._cache.forget(place)

    def living(self, partition: int, before_us: int) -> list[str]:
        """Keys of a partition whose newest block was written before an instant and is no tombstone."""
        return [
            key.decode(errors="replace")
            for key, place in self._places.items()
            if place.partition == partition and not place.is_tombstone and place.written_us < before_us
        ]

    def replaced(self, partition: int) -> list[str]:
        """Keys of a partition of which older blocks may still be readable, oldest first."""
        return [
            key.decode(errors="replace")
            for key, former in self._former.items()
            if former and former[-1].partition == partition
        ]

    async def is_only_newest(self, key: str) -> bool:
        """Whether compaction has taken every older block of a key: none can be read any more."""
        name = key.encode()
        while former := self._former.get(name):
            if await self._read(former[-1]) is not None:
                return False
            former.pop()
        self._former.pop(name, None)
        return True

    async def _until(self, true: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._is_over() or true())

    def _is_newer(self, name: bytes, place: Place) -> bool:
        return self._places[name] != place

    def _is_over(self) -> bool:
        """Raises what ended the following: nothing new would ever be known."""
        if self._following is not None and self._following.done():
            self._following.result()
        return False

    async def _follow(self) -> None:
        try:
            starts = dict(self._passed)
            async with aclosing(follow_positions(self._kafka, self._topic, starts)) as batches:
                async for batch, positions in batches:
                    for partition, records in batch.items():
                        self._note(partition, records)
                    async with self._news:
                        self._passed.update(positions)
                        self._news.notify_all()
        finally:
            async with self._news:  # the task is done before they wake
                self._news.notify_all()

    def _note(self, partition: int, records: Sequence[LogRecord]) -> None:
        for record in records:
            if record.key is None:
                continue
            if (former := self._places.get(record.key)) is not None:
                self._cache.forget(former)
                if not former.is_tombstone:
                    self._former.setdefault(record.key, []).append(former)
            place = Place(partition, record.offset, record.value is None, record.timestamp_us)
            self._places[record.key] = place
            if record.value is not None:
                self._cache.keep(place, record.value)

    async def _fetch(self, place: Place) -> bytes | None:
        value = await self._read(place)
        if value is not None:
            self._cache.keep(place, value)
        return value

    async def _read(self, place: Place) -> bytes | None:
        """The block at this place; None when it is not there any more."""
        assert self._seeker is not None  # noqa: S101  # started
        async with self._seeking:
            tp = TopicPartition(self._kafka.topic(self._topic), place.partition)
            self._seeker.assign([tp])
            self._seeker.seek(tp, place.offset)
            while True:
                found = await self._seeker.getmany(tp, timeout_ms=FETCH_WAIT_MS, max_records=1)
                for record in found.get(tp, ()):
                    if record.offset == place.offset:
                        return bytes(record.value)
                if await self._seeker.position(tp) > place.offset:
                    return None
