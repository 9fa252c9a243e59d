"""Transactions that the broker never ended in a partition: the writer ends them as their coordinator had decided.

They are made as a broker leaves them: records of a producer in a partition, its coordinator done with them, no marker.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient

from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import high_watermarks, last_stable_offsets
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import replay
from outdial.eventlog.transaction_log import Outcome
from outdial.eventlog.writer.hanging import GROUP_OFFSETS, Hanging, end_hanging, hanging, partitions_of
from outdial.eventlog.writer.marker_requests import DescribeProducers
from outdial.eventlog.writer.ownership import FixedOwnership
from outdial.eventlog.writer.partition import PartitionWriter
from outdial.eventlog.writer.settings import WriterSettings
from tests.kit.counting import CountingDecider, counting_command
from tests.kit.fresh_log import fresh_log
from tests.kit.until import until

EVENTS, RESULTS, QUARANTINE = "outdial.events", "outdial.results", "outdial.quarantine"
TIMEOUT_S = 30.0
VERIFIES = "transaction.partition.verification.enable"


def now_us() -> int:
    return time.time_ns() // 1000


SETTINGS = WriterSettings(CountingDecider, now_us, chores_every_s=0.05, markers_within_s=0.3)


@pytest.fixture
async def kafka(bootstrap: str) -> AsyncIterator[KafkaConfig]:
    """A log on a broker that takes transactional records without asking their coordinator."""
    found = await fresh_log(bootstrap, f"h{uuid4().hex[:8]}-")
    await _verify_transactions(found, "false")
    yield found
    await _verify_transactions(found, "true")


async def _verify_transactions(kafka: KafkaConfig, value: str) -> None:
    admin = AIOKafkaAdminClient(**kafka.client())
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", {VERIFIES: value})])
        await until(lambda: _is_set(admin, value), "the broker has the setting")
    finally:
        await admin.close()


async def _is_set(admin: AIOKafkaAdminClient, value: str) -> bool:
    asked = ConfigResource(ConfigResourceType.BROKER, "1", {VERIFIES: None})
    told = (await admin.describe_configs([asked]))[0].to_object()["resources"][0]["config_entries"]
    return [one["config_value"] for one in told] == [value]


@asynccontextmanager
async def producer_of(kafka: KafkaConfig, transactional_id: str = "") -> AsyncIterator[AIOKafkaProducer]:
    """A producer with the writer's transactional id, which ends nothing when it goes."""
    name = transactional_id or id_of(kafka)
    producer = AIOKafkaProducer(**kafka.client(), transactional_id=name)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


def id_of(kafka: KafkaConfig) -> str:
    return f"{kafka.prefix}{SETTINGS.transactional_id}-0"


async def decide(
    kafka: KafkaConfig, producer: AIOKafkaProducer, outcome: Outcome, topics: Sequence[str]
) -> None:
    """A transaction that ends so, with a marker in each of the topics."""
    await producer.begin_transaction()
    for topic in topics:
        await producer.send_and_wait(kafka.topic(topic), b'["s", 1, "c0"]', partition=0)
    await (producer.commit_transaction if outcome is Outcome.COMMITTED else producer.abort_transaction)()
    await until(lambda: is_readable(kafka, *topics), "the markers are written")


async def leave_open(
    kafka: KafkaConfig, producer: AIOKafkaProducer, topics: Sequence[str], value: bytes
) -> None:
    """Records that its coordinator hears nothing of, so that it never writes them a marker."""
    await producer.begin_transaction()
    for topic in topics:
        producer._txn_manager._txn_partitions.add(TopicPartition(kafka.topic(topic), 0))
        await producer.send_and_wait(kafka.topic(topic), value, partition=0)


async def is_readable(kafka: KafkaConfig, *topics: str) -> bool:
    """Whether nothing open holds back readers."""
    for topic in topics:
        if await last_stable_offsets(kafka, topic, [0]) != await high_watermarks(kafka, topic, [0]):
            return False
    return True


async def read(kafka: KafkaConfig, topic: str) -> list[LogRecord]:
    return [record async for _, records in replay(kafka, topic, {0: 0}) for record in records]


@asynccontextmanager
async def served(kafka: KafkaConfig) -> AsyncIterator[PartitionWriter]:
    """A writer of partition 0, opened."""
    stop, ownership = asyncio.Event(), FixedOwnership(kafka, SETTINGS, [0])
    task = asyncio.create_task(ownership.run(stop))
    try:
        await until(lambda: 0 in ownership.writers.by_partition, "a writer is made")
        async with asyncio.timeout(TIMEOUT_S):
            await ownership.writers.by_partition[0].opened.wait()
        yield ownership.writers.by_partition[0]
    finally:
        stop.set()
        await asyncio.wait_for(task, TIMEOUT_S)


async def command(kafka: KafkaConfig, command_id: str) -> None:
    appender = Appender(kafka)
    await appender.start()
    await appender.append("outdial.commands", 0, counting_command("s", command_id))
    await appender.stop()


@pytest.mark.parametrize(
    ("outcome", "before", "hung", "after"),
    [
        (Outcome.COMMITTED, ["c0"], b'["s", 2, "c1"]', ["c0", "c1", "c2"]),
        (Outcome.ABORTED, [], b'["s", 1, "c1"]', ["c2"]),
    ],
    ids=lambda value: value.value if isinstance(value, Outcome) else "",
)
async def test_an_opening_ends_what_hangs_as_its_coordinator_had_decided(
    kafka: KafkaConfig, outcome: Outcome, before: list[str], hung: bytes, after: list[str]
) -> None:
    async with producer_of(kafka) as producer:
        await decide(kafka, producer, outcome, [EVENTS, RESULTS])
        assert [b'["s", 1, "%s"]' % one.encode() for one in before] == [
            record.value for record in await read(kafka, EVENTS)
        ]
        await leave_open(kafka, producer, [EVENTS, RESULTS], hung)
    assert not await is_readable(kafka, EVENTS)
    assert not await is_readable(kafka, RESULTS)

    async with served(kafka) as writer:
        await command(kafka, "c2")
        await until(lambda: writer.next_command == 1, "answered")

    assert await is_readable(kafka, EVENTS, RESULTS)
    told = [(record.value or b"").decode() for record in await read(kafka, EVENTS)]
    assert told == [f'["s", {at}, "{one}"]' for at, one in enumerate(after, 1)]
    assert [record.value for record in await read(kafka, RESULTS)] == [one.encode() for one in told]


async def test_what_hangs_beside_a_writer_that_lives_is_found_when_it_has_nothing_to_do(
    kafka: KafkaConfig,
) -> None:
    async with served(kafka) as writer:
        first = writer._session
        assert first is not None
        producer = first._transactions._producer
        await decide(kafka, producer, Outcome.ABORTED, [QUARANTINE])
        await leave_open(kafka, producer, [QUARANTINE], b"half")
        producer._txn_manager.committing_transaction()
        producer._txn_manager.complete_transaction()
        await command(kafka, "c0")

        await until(lambda: writer._session is not first and writer.opened.is_set(), "opened anew")

        assert await is_readable(kafka, QUARANTINE)
        assert await read(kafka, QUARANTINE) == []
        await command(kafka, "c1")
        await until(lambda: writer.next_command == 2, "answered")
    assert len(await read(kafka, EVENTS)) == 2


async def test_what_nobody_can_tell_the_outcome_of_is_left_to_an_operator(
    kafka: KafkaConfig, caplog: pytest.LogCaptureFixture
) -> None:
    async with producer_of(kafka) as producer:
        await leave_open(kafka, producer, [EVENTS], b"?")
        found = await hanging_of(kafka, producer.client, producer)

        for one in found:
            await end_hanging(kafka, producer.client, id_of(kafka), one)

        assert [one.tp.topic for one in found] == [kafka.topic(EVENTS)]
        assert await hanging_of(kafka, producer.client, producer) == found
    assert "nothing tells how it was to end" in caplog.text


async def test_an_open_transaction_of_somebody_else_is_none_of_ours(kafka: KafkaConfig) -> None:
    async with producer_of(kafka) as ours, producer_of(kafka, f"{kafka.prefix}platform") as theirs:
        await theirs.begin_transaction()
        await theirs.send_and_wait(kafka.topic("outdial.commands"), b"theirs", partition=0)

        assert not await is_readable(kafka, "outdial.commands")
        assert await hanging_of(kafka, ours.client, ours) == []
        assert await hanging_of(kafka, ours.client, theirs) != []


async def test_an_open_transaction_of_the_writer_that_has_fenced_us_is_none_of_ours(
    kafka: KafkaConfig,
) -> None:
    async with producer_of(kafka) as ours, producer_of(kafka) as heirs:
        await heirs.begin_transaction()
        await heirs.send_and_wait(kafka.topic(EVENTS), b"theirs", partition=0)

        assert await hanging_of(kafka, ours.client, ours) == []
        assert await hanging_of(kafka, ours.client, heirs) != []


async def test_what_hangs_in_the_groups_offsets_is_seen_too(kafka: KafkaConfig) -> None:
    async with producer_of(kafka) as producer:
        await producer.begin_transaction()
        commands = TopicPartition(kafka.topic("outdial.commands"), 0)
        await producer.send_offsets_to_transaction({commands: 1}, kafka.topic(SETTINGS.group))

        found = await hanging_of(kafka, producer.client, producer)

        assert [one.tp.topic for one in found] == [GROUP_OFFSETS]


async def test_a_broker_that_cannot_tell_what_hangs_is_written_to_all_the_same(
    kafka: KafkaConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(DescribeProducers, "API_KEY", -1)  # as with what only speaks Kafka's protocol

    async with served(kafka) as writer:
        await command(kafka, "c1")
        await until(lambda: writer.next_command == 1, "answered")

    assert len(await read(kafka, EVENTS)) == 1
    assert "the broker cannot tell which transactions hang" in caplog.text


async def hanging_of(kafka: KafkaConfig, client: AIOKafkaClient, producer: AIOKafkaProducer) -> list[Hanging]:
    topics = [kafka.topic(topic) for topic in (EVENTS, RESULTS, QUARANTINE, "outdial.commands")]
    tps = await partitions_of(client, topics, 0, kafka.topic(SETTINGS.group))
    epochs = range(producer._txn_manager.producer_epoch + 1)
    return await hanging(client, producer._txn_manager.producer_id, epochs, tps)
