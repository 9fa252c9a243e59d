"""A writer without rules, chain and known commands: the least that reading, codec and appending cost."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import reader_at
from outdial.messages.envelope import Envelope
from tests.bench.logs import CODEC

BATCH: Final = 256
# Of the real writer's topics, two that nothing else is measured on.
EVENTS, ANSWERS = "outdial.quarantine", "outdial.persons"
US: Final = 1_000_000


@dataclass(slots=True)
class BareCost:
    """CPU seconds: of values decoded and encoded, of envelopes decoded and encoded, of everything."""

    values_s: float = 0.0
    envelopes_s: float = 0.0
    all_s: float = 0.0

    def us(self, commands: int) -> dict[str, float]:
        """Microseconds of a command, by what is measured; a bare writer has no envelopes."""
        scale = US / commands
        return {
            "codec": self.values_s * scale,
            "whole": (self.values_s + self.envelopes_s) * scale,
            "bare writer": (self.all_s - self.envelopes_s) * scale,
        }


class _Told(NamedTuple):
    """An event or an answer that the real writer appended."""

    key: bytes | None
    message: tuple[str, dict[str, Any]]
    envelope: Envelope
    headers: list[tuple[str, bytes]]


async def bare_cost(
    kafka: KafkaConfig, events: Sequence[LogRecord], answers: Sequence[LogRecord]
) -> BareCost:
    """Each command is fetched and decoded, then the event and the answer that it once had are encoded and appended, 256
    in a transaction with the offset. The codec is timed between the transactions, while the broker works on them: what
    works beside a program slows it down, and the real writer too."""
    told = iter([[_told(record) for record in pair] for pair in zip(events, answers, strict=True)])
    producer = AIOKafkaProducer(
        **kafka.client(), transactional_id=kafka.topic("bare-writer"), compression_type="zstd", linger_ms=0
    )
    await producer.start()
    cost, began = BareCost(), time.process_time()
    async with reader_at(kafka, "outdial.commands", {0: 0}) as consumer:
        done = 0
        while done < len(events):
            for records in (await consumer.getmany(timeout_ms=200, max_records=BATCH)).values():
                await _append(kafka, producer, records[-1].offset + 1, _encoded(records, told, cost))
                done += len(records)
    cost.all_s = time.process_time() - began
    await producer.stop()
    return cost


def _encoded(records: Sequence[Any], told: Iterator[Sequence[_Told]], cost: BareCost) -> list[list[Any]]:
    """The event's and the answer's arguments of an append, for each command."""
    pairs = [pair for _, pair in zip(records, told, strict=False)]
    began = time.process_time()
    values = []
    for record, (event, answer) in zip(records, pairs, strict=True):
        CODEC.decode(record.value)
        values.append((CODEC.encode(*event.message), CODEC.encode(*answer.message)))
    between = time.process_time()
    for record, (event, answer) in zip(records, pairs, strict=True):
        Envelope.of(record.headers)
        event.envelope.headers()
        answer.envelope.headers()
    cost.values_s += between - began
    cost.envelopes_s += time.process_time() - between
    return [
        [
            {"key": one.key, "value": value, "headers": one.headers}
            for one, value in zip(pair, both, strict=True)
        ]
        for pair, both in zip(pairs, values, strict=True)
    ]


async def _append(
    kafka: KafkaConfig, producer: AIOKafkaProducer, next_command: int, messages: Sequence[Sequence[Any]]
) -> None:
    batches = {topic: producer.create_batch() for topic in (EVENTS, ANSWERS)}
    await producer.begin_transaction()
    for pair in messages:
        for batch, message in zip(batches.values(), pair, strict=True):
            batch.append(timestamp=None, **message)
    for batch in batches.values():
        batch.close()
    sent = [
        await producer.send_batch(batch, kafka.topic(topic), partition=0) for topic, batch in batches.items()
    ]
    for acknowledged in sent:
        await acknowledged
    at = {TopicPartition(kafka.topic("outdial.commands"), 0): next_command}
    await producer.send_offsets_to_transaction(at, kafka.topic("bare-writer"))
    await producer.commit_transaction()


def _told(record: LogRecord) -> _Told:
    message = CODEC.decode(record.value or b"")
    return _Told(record.key, message, Envelope.of(record.headers), list(record.headers))
