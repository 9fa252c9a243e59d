"""Asks the broker where partitions end."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from outdial.eventlog.kafka import KafkaConfig


async def high_watermarks(kafka: KafkaConfig, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The end of each partition, uncommitted records included.

    Under read_committed the answer would be the last stable offset, which an open transaction holds back.
    """
    consumer = AIOKafkaConsumer(
        **kafka.client(), isolation_level="read_uncommitted", enable_auto_commit=False
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets([TopicPartition(kafka.topic(topic), part) for part in partitions])
        return {tp.partition: offset for tp, offset in ends.items()}
    finally:
        await consumer.stop()


async def offsets_at(
    kafka: KafkaConfig, topic: str, partitions: Iterable[int], time_us: int
) -> dict[int, int | None]:
    """The first offset at or after an instant; None where there is none."""
    consumer = AIOKafkaConsumer(**kafka.client(), enable_auto_commit=False)
    await consumer.start()
    try:
        wanted = {TopicPartition(kafka.topic(topic), part): time_us // 1000 for part in partitions}
        found = await consumer.offsets_for_times(wanted)
        return {tp.partition: at.offset if at is not None else None for tp, at in found.items()}
    finally:
        await consumer.stop()


async def partition_count(kafka: KafkaConfig, topic: str) -> int:
    """How many partitions a topic has; 0 when there is none of that name."""
    admin = AIOKafkaAdminClient(**kafka.client())
    await admin.start()
    try:
        described = await admin.describe_topics([kafka.topic(topic)])
        return sum(len(found["partitions"]) for found in described if not found["error_code"])
    finally:
        await admin.close()
