"""Asks the broker where partitions end."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from outdial.eventlog.kafka import KafkaConfig, connected, unreachable


async def high_watermarks(kafka: KafkaConfig, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The end of each partition, uncommitted records included. Raises LogUnavailable.

    Under read_committed the answer would be the last stable offset, which an open transaction holds back.
    """
    return await _ends(kafka, topic, partitions, "read_uncommitted")


async def last_stable_offsets(kafka: KafkaConfig, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """How far each partition can be read now. Raises LogUnavailable."""
    return await _ends(kafka, topic, partitions, "read_committed")


@asynccontextmanager
async def asking(
    kafka: KafkaConfig, tps: Sequence[TopicPartition], isolation: str = "read_uncommitted"
) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer to ask about these partitions; it reads nothing of them. Raises LogUnavailable."""
    async with connected(kafka, **kafka.consumer() | {"isolation_level": isolation}) as consumer:
        make_known(consumer, tps)
        yield consumer


def make_known(consumer: AIOKafkaConsumer, tps: Sequence[TopicPartition]) -> None:
    """Tell a started consumer of partitions that it does not read yet.

    One that hears of a partition by the first question about it sleeps before it asks the broker.
    """
    if tps:
        consumer.assign(tps)
        for tp in tps:
            consumer.seek(tp, 0)  # or it would look for a position of its own
        consumer.pause(*tps)


async def first_since(
    consumer: AIOKafkaConsumer, tps: Sequence[TopicPartition], time_ms: int
) -> dict[TopicPartition, int | None]:
    """The first offset at or after an instant; None where there is none."""
    found = await consumer.offsets_for_times(dict.fromkeys(tps, time_ms))
    return {tp: at.offset if at is not None else None for tp, at in found.items()}


async def partition_count(kafka: KafkaConfig, topic: str) -> int:
    """How many partitions a topic has; 0 when there is none of that name. Raises LogUnavailable."""
    admin = AIOKafkaAdminClient(**kafka.client())
    try:
        await admin.start()
        described = await admin.describe_topics([kafka.topic(topic)])
        return sum(len(found["partitions"]) for found in described if not found["error_code"])
    except (KafkaError, OSError) as error:
        raise unreachable(kafka, error) from error
    finally:
        await admin.close()


async def _ends(kafka: KafkaConfig, topic: str, partitions: Iterable[int], isolation: str) -> dict[int, int]:
    tps = _named(kafka, topic, partitions)
    async with asking(kafka, tps, isolation) as consumer:
        return {tp.partition: offset for tp, offset in (await consumer.end_offsets(tps)).items()}


def _named(kafka: KafkaConfig, topic: str, partitions: Iterable[int]) -> list[TopicPartition]:
    return [TopicPartition(kafka.topic(topic), part) for part in partitions]
