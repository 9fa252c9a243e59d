"""Asks the broker where partitions end."""

from collections.abc import Iterable

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from outdial.eventlog.kafka import KafkaConfig, connected
from outdial.eventlog.ports import LogUnavailable


async def high_watermarks(kafka: KafkaConfig, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The end of each partition, uncommitted records included. Raises LogUnavailable.

    Under read_committed the answer would be the last stable offset, which an open transaction holds back.
    """
    return await _ends(kafka, topic, partitions, "read_uncommitted")


async def last_stable_offsets(kafka: KafkaConfig, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """How far each partition can be read now. Raises LogUnavailable."""
    return await _ends(kafka, topic, partitions, "read_committed")


async def offsets_at(
    kafka: KafkaConfig, topic: str, partitions: Iterable[int], time_us: int
) -> dict[int, int | None]:
    """The first offset at or after an instant; None where there is none. Raises LogUnavailable."""
    wanted = {TopicPartition(kafka.topic(topic), part): time_us // 1000 for part in partitions}
    async with connected(kafka, **kafka.consumer()) as consumer:
        found = await consumer.offsets_for_times(wanted)
        return {tp.partition: at.offset if at is not None else None for tp, at in found.items()}


async def partition_count(kafka: KafkaConfig, topic: str) -> int:
    """How many partitions a topic has; 0 when there is none of that name. Raises LogUnavailable."""
    admin = AIOKafkaAdminClient(**kafka.client())
    try:
        await admin.start()
        described = await admin.describe_topics([kafka.topic(topic)])
        return sum(len(found["partitions"]) for found in described if not found["error_code"])
    except (KafkaError, OSError) as error:
        raise LogUnavailable(f"cannot reach Kafka at {kafka.bootstrap}: {error}") from error
    finally:
        await admin.close()


async def _ends(kafka: KafkaConfig, topic: str, partitions: Iterable[int], isolation: str) -> dict[int, int]:
    tps = [TopicPartition(kafka.topic(topic), part) for part in partitions]
    async with connected(kafka, **kafka.consumer() | {"isolation_level": isolation}) as consumer:
        return {tp.partition: offset for tp, offset in (await consumer.end_offsets(tps)).items()}
