"""Reads a part of the log at full speed: from an offset to a bound, and on for ever if wanted."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.kafka import KafkaConfig, connected, log_record
from outdial.eventlog.offsets import high_watermarks
from outdial.eventlog.ports import LogRecord

BATCH: Final = (
    200  # what was fetched is folded while it is in the caches of the processor: 12 us an event, 17 of 1,000
)
STALL_TIMEOUT_S: Final = 60.0  # an open transaction may hold the end back as long as its own time-out


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is, in offsets of all its partitions together."""

    done: int
    total: int
    elapsed_s: float

    @property
    def eta_s(self) -> float | None:
        """Seconds left at the speed so far; None as long as nothing is read."""
        return (self.total - self.done) * self.elapsed_s / self.done if self.done else None


async def replay(
    kafka: KafkaConfig,
    topic: str,
    starts: Mapping[int, int],
    ends: Mapping[int, int] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> AsyncGenerator[tuple[int, Sequence[LogRecord]], None]:
    """Committed records of each partition from its start to its end (default: the high watermark now).

    Yields (partition, records) in the order of each partition; `progress` is told after each fetch. Raises
    LogUnavailable at the start, TimeoutError when an end cannot be read: the broker is away, or a transaction
    that nobody ends holds it back.
    """
    if ends is None:
        ends = await high_watermarks(kafka, topic, starts)
    bounds = {part: end for part, end in ends.items() if part in starts and starts[part] < end}
    if not bounds:
        return
    async with reader_at(kafka, topic, {part: starts[part] for part in bounds}) as consumer:
        left, began = dict(bounds), time.monotonic()
        moved = began
        while left:
            fetched = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            if fetched:
                moved = time.monotonic()
            elif time.monotonic() > moved + STALL_TIMEOUT_S:
                raise TimeoutError(f"{topic} cannot be read to {left}: a transaction there was never ended")
            for tp, records in fetched.items():
                bounded = [log_record(record) for record in records if record.offset < bounds[tp.partition]]
                if bounded:
                    yield tp.partition, bounded
            at = await _positions(consumer)
            left = {part: end for part, end in left.items() if at[part] < end}
            if progress is not None:
                done = sum(min(at[part], end) - starts[part] for part, end in bounds.items())
                total = sum(end - starts[part] for part, end in bounds.items())
                progress(Progress(done, total, time.monotonic() - began))


async def follow(
    kafka: KafkaConfig, topic: str, starts: Mapping[int, int], wait_s: float = 0.5
) -> AsyncGenerator[Mapping[int, Sequence[LogRecord]], None]:
    """Committed records from the starts on, for ever; an empty mapping after `wait_s` without news."""
    async with reader_at(kafka, topic, starts) as consumer:
        while True:
            fetched = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=BATCH)
            yield {
                tp.partition: [log_record(record) for record in records] for tp, records in fetched.items()
            }


async def follow_positions(
    kafka: KafkaConfig, topic: str, starts: Mapping[int, int], wait_s: float = 0.5
) -> AsyncGenerator[tuple[Mapping[int, Sequence[LogRecord]], Mapping[int, int]], None]:
    """As `follow`, with the offset that each partition is read to: past markers and what was compacted away."""
    async with reader_at(kafka, topic, starts) as consumer:
        while True:
            fetched = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=BATCH)
            records = {tp.partition: [log_record(found) for found in batch] for tp, batch in fetched.items()}
            yield records, await _positions(consumer)


@asynccontextmanager
async def reader_at(
    kafka: KafkaConfig, topic: str, starts: Mapping[int, int]
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of these partitions, without a group, at these offsets. Raises LogUnavailable."""
    async with connected(kafka, **kafka.consumer()) as consumer:
        parts = {TopicPartition(kafka.topic(topic), part): start for part, start in starts.items()}
        consumer.assign(list(parts))
        for tp, start in parts.items():
            consumer.seek(tp, start)
        yield consumer


async def _positions(consumer: AIOKafkaConsumer) -> dict[int, int]:
    return {tp.partition: await consumer.position(tp) for tp in consumer.assignment()}
