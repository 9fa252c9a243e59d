"""Reads what is appended to a topic from now on: for callers that wait for their answers."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import high_watermarks, partition_count
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import follow


class Tail:
    """Start once, then iterate: committed records of all partitions, appended after the start."""

    def __init__(self, kafka: KafkaConfig, topic: str) -> None:
        self._kafka, self._topic = kafka, topic
        self._starts: dict[int, int] = {}

    async def start(self) -> None:
        """Note where the topic ends now."""
        count = await partition_count(self._kafka, self._topic)
        self._starts = await high_watermarks(self._kafka, self._topic, range(count))

    async def stop(self) -> None:
        """The iteration ends with its task; nothing else is held."""
        await asyncio.sleep(0)

    async def __aiter__(self) -> AsyncIterator[Sequence[LogRecord]]:
        async for batch in follow(self._kafka, self._topic, self._starts):
            for records in batch.values():
                yield records
