"""A log to measure: topics with a prefix, commands in bulk, transactions as bare as the client makes them."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition

from outdial.campaign.commands import Command, CommitUpload, CreateCampaign, StartCampaign, StopCampaign
from outdial.client.requests import Request, message_of
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import Message
from outdial.messages.codec import Codec
from tests.bench.histories import ROWS, uploaded
from tests.kit.campaign import begin, chunk, settings

NOBODY: Final = "bench"
TTL_S: Final = 3_600.0
AHEAD_US: Final = 600_000_000  # claims are due when they come to the writer
TIMEOUT_S: Final = 240.0
CODEC: Final = Codec()


def command(campaign: str, what: Command, number: int, now_us: int) -> Message:
    """A command as clients send it."""
    request = Request(campaign, what, f"{campaign}-{number}", NOBODY, ttl_s=TTL_S)
    return message_of(request, CODEC, "bench/1", now_us)


def small_commands(campaigns: int, each: int, now_us: int) -> list[Message]:
    """Campaigns with one record, then starts and stops: one small event and one answer for each."""
    row = chunk("u1", 0, 1)
    first = (CreateCampaign(settings()), begin(), row, CommitUpload("u1", 1, 1))
    turns = (StartCampaign(), StopCampaign())
    told: list[Command] = [*first, *(turns[number % 2] for number in range(each))]
    return [
        command(f"c{n}", what, number, now_us) for number, what in enumerate(told) for n in range(campaigns)
    ]


def fact_commands(records: int, now_us: int) -> tuple[list[Message], list[Message]]:
    """What leads to a running campaign of so many records; claims and outcomes of each, 500 at a time."""
    campaign = uploaded(0, "facts")
    campaign.now_us = now_us + AHEAD_US
    chunks = [chunk("u2", at, ROWS) for at in range(records // ROWS)]
    first: list[Command] = [
        begin("u2"),
        *chunks,
        CommitUpload("u2", len(chunks), len(chunks) * ROWS),
        StartCampaign(),
    ]
    for one in first:
        campaign.accept(one)
    facts: list[Command] = []
    for at in range(len(chunks)):
        batch = range(at * ROWS + 1, (at + 1) * ROWS + 1)
        for made in (campaign.claim_of, partial(campaign.end_of, "NoAnswer")):
            facts.append(made(*batch))
            campaign.accept(facts[-1])
    told: list[Command] = [CreateCampaign(settings()), *first]
    made_first = [command("facts", what, number, now_us) for number, what in enumerate(told)]
    return made_first, [command("facts", what, len(told) + n, now_us) for n, what in enumerate(facts)]


async def append(
    kafka: KafkaConfig, topic: str, messages: Sequence[Message], transaction: int = 0, partition: int = 0
) -> None:
    """Append to a partition in batches, each in a transaction of so many messages if there is a number."""
    extra: dict[str, Any] = {"transactional_id": kafka.topic("bench")} if transaction else {}
    producer = AIOKafkaProducer(
        **kafka.client(), max_batch_size=900_000, max_request_size=4 << 20, compression_type="zstd", **extra
    )
    await producer.start()
    try:
        step = transaction or 1_000
        for start in range(0, len(messages), step):
            if transaction:
                await producer.begin_transaction()
            await _send(
                producer, TopicPartition(kafka.topic(topic), partition), messages[start : start + step]
            )
            if transaction:
                await producer.commit_transaction()
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, tp: TopicPartition, messages: Sequence[Message]) -> None:
    batch = producer.create_batch()
    for message in messages:
        if _add(batch, message) is None:  # full
            await _flush(producer, tp, batch)
            batch = producer.create_batch()
            _add(batch, message)
    await _flush(producer, tp, batch)


def _add(batch: Any, message: Message) -> Any:
    return batch.append(key=message.key, value=message.value, timestamp=None, headers=list(message.headers))


async def _flush(producer: AIOKafkaProducer, tp: TopicPartition, batch: Any) -> None:
    batch.close()
    await (await producer.send_batch(batch, tp.topic, partition=tp.partition))
