"""Keeps the fold in step with the log: every partition from its start, then for ever."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import Final

from outdial.client.registry import SchemaTopic
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import follow, replay
from outdial.messages.codec import Codec, UnknownSchema
from services.dialer.fold import Fold

log = logging.getLogger(__name__)
TOPIC: Final = "outdial.events"
YIELD_EVERY: Final = 50  # events folded before others may run


class Follower:
    """`caught_up` is true once the history that was there at the start is folded."""

    def __init__(self, kafka: KafkaConfig, partitions: int, codec: Codec, fold: Fold) -> None:
        self._kafka, self._codec, self._fold = kafka, codec, fold
        self._schemas = SchemaTopic(kafka)
        self._next = dict.fromkeys(range(partitions), 0)
        self.caught_up = False

    async def catch_up(self) -> None:
        """Replay up to where the log ends now. Raises IntegrityError."""
        started, count = time.monotonic(), 0
        async with aclosing(replay(self._kafka, TOPIC, self._next)) as batches:
            async for partition, records in batches:
                await self._take(records)
                self._next[partition] = records[-1].offset + 1
                count += len(records)
        self.caught_up = True
        took = round(time.monotonic() - started, 3)
        log.info("history folded", extra={"events": count, "seconds": took})

    async def follow(self, heard: Callable[[], None]) -> None:
        """Fold what comes, for ever; `heard` after each look at the log. Raises IntegrityError."""
        async with aclosing(follow(self._kafka, TOPIC, self._next)) as batches:
            async for batch in batches:
                for records in batch.values():
                    await self._take(records)
                if batch:
                    await self._fold.announce()
                heard()

    async def _take(self, records: Iterable[LogRecord]) -> None:
        for place, record in enumerate(records, 1):
            try:
                self._fold.take(record)
            except UnknownSchema:
                await self._schemas.learn(self._codec)
                self._fold.take(record)
            if place % YIELD_EVERY == 0:
                await asyncio.sleep(0)
