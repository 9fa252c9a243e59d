"""A writer without rules, envelopes, chain and known commands: the least that reading, codec and appending cost."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import reader_at
from tests.bench.logs import CODEC

BATCH: Final = 256
# Of the real writer's topics, two that nothing else is measured on.
EVENTS, ANSWERS = "outdial.quarantine", "outdial.persons"
US: Final = 1_000_000


async def bare_writer_us(
    kafka: KafkaConfig, events: Sequence[LogRecord], answers: Sequence[LogRecord]
) -> float:
    """CPU of one command in microseconds: each is fetched and decoded, then the event and the answer that it once had
    are encoded and appended, 256 in a transaction with the offset."""
    told = iter([_decoded(records) for records in zip(events, answers, strict=True)])
    producer = AIOKafkaProducer(
        **kafka.client(), transactional_id=kafka.topic("bare-writer"), compression_type="zstd", linger_ms=0
    )
    await producer.start()
    began = time.process_time()
    async with reader_at(kafka, "outdial.commands", {0: 0}) as consumer:
        done = 0
        while done < len(events):
            for records in (await consumer.getmany(timeout_ms=200, max_records=BATCH)).values():
                await _carry_out(kafka, producer, records, told)
                done += len(records)
    took = time.process_time() - began
    await producer.stop()
    return took / len(events) * US


async def _carry_out(
    kafka: KafkaConfig, producer: AIOKafkaProducer, records: Sequence[Any], told: Iterator[Any]
) -> None:
    batches = {topic: producer.create_batch() for topic in (EVENTS, ANSWERS)}
    await producer.begin_transaction()
    for record, pair in zip(records, told, strict=False):
        CODEC.decode(record.value)
        for batch, (key, message, headers) in zip(batches.values(), pair, strict=True):
            batch.append(key=key, value=CODEC.encode(*message), timestamp=None, headers=headers)
    for batch in batches.values():
        batch.close()
    sent = [
        await producer.send_batch(batch, kafka.topic(topic), partition=0) for topic, batch in batches.items()
    ]
    for acknowledged in sent:
        await acknowledged
    commands = TopicPartition(kafka.topic("outdial.commands"), 0)
    at = {commands: records[-1].offset + 1}
    await producer.send_offsets_to_transaction(at, kafka.topic("bare-writer"))
    await producer.commit_transaction()


def _decoded(records: tuple[LogRecord, LogRecord]) -> list[Any]:
    return [(one.key, CODEC.decode(one.value or b""), list(one.headers)) for one in records]
