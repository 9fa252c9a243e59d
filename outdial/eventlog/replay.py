"""Reads a part of the log at full speed: from an offset to a bound, and on for ever if wanted."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.kafka import KafkaConfig, log_record
from outdial.eventlog.offsets import high_watermarks
from outdial.eventlog.ports import LogRecord

BATCH = 500  # small lists decode faster: fewer objects for the garbage collector at once
STALL_TIMEOUT_S = 60.0  # an open transaction may hold the end back as long as its own time-out


async def replay(
    kafka: KafkaConfig, topic: str, starts: Mapping[int, int], ends: Mapping[int, int] | None = None
) -> AsyncGenerator[tuple[int, Sequence[LogRecord]], None]:
    """Committed records of each partition from its start to its end (default: the high watermark now).

    Yields (partition, records) in the order of each partition. TimeoutError when an end cannot be read: a
    transaction that nobody ends holds it back.
    """
    if ends is None:
        ends = await high_watermarks(kafka, topic, starts)
    left = {part: end for part, end in ends.items() if part in starts and starts[part] < end}
    if not left:
        return
    consumer = await _open(kafka, topic, {part: starts[part] for part in left})
    moved = time.monotonic()
    try:
        while left:
            fetched = await consumer.getmany(timeout_ms=200, max_records=BATCH)
            if fetched:
                moved = time.monotonic()
            elif time.monotonic() > moved + STALL_TIMEOUT_S:
                raise TimeoutError(f"{topic} cannot be read to {left}: a transaction there was never ended")
            for tp, records in fetched.items():
                bounded = [record for record in records if record.offset < ends[tp.partition]]
                if bounded:
                    yield tp.partition, [log_record(record) for record in bounded]
            for part in list(left):
                # the position moves past markers and aborted records, which are never delivered
                if await consumer.position(TopicPartition(kafka.topic(topic), part)) >= left[part]:
                    del left[part]
    finally:
        await consumer.stop()


async def follow(
    kafka: KafkaConfig, topic: str, starts: Mapping[int, int], wait_s: float = 0.5
) -> AsyncGenerator[Mapping[int, Sequence[LogRecord]], None]:
    """Committed records from the starts on, for ever; an empty mapping after `wait_s` without news."""
    consumer = await _open(kafka, topic, starts)
    try:
        while True:
            fetched = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=BATCH)
            yield {
                tp.partition: [log_record(record) for record in records] for tp, records in fetched.items()
            }
    finally:
        await consumer.stop()


async def _open(kafka: KafkaConfig, topic: str, starts: Mapping[int, int]) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(**kafka.consumer())
    await consumer.start()
    parts = {TopicPartition(kafka.topic(topic), part): start for part, start in starts.items()}
    consumer.assign(list(parts))
    for tp, start in parts.items():
        consumer.seek(tp, start)
    return consumer
