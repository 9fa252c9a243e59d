"""The five requests of a transaction as bare as the client can send them, each timed: what a lone command needs."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from outdial.eventlog.kafka import KafkaConfig

REQUESTS: Final = ("AddPartitionsToTxn", "Produce", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn")
EVENT: Final = b"x" * 178
ANSWER: Final = b"x" * 100
"""As long as the event and the answer of a Start."""


@dataclass(slots=True)
class BareTransactions:
    """A producer of its own. `took` holds milliseconds by name of request, repetitions of a request one by one."""

    kafka: KafkaConfig
    producer: AIOKafkaProducer
    took: dict[str, list[float]] = field(default_factory=dict)

    async def one(self) -> None:
        """An event and an answer in one request, the offset of a command, the commit."""
        await self.producer.begin_transaction()
        sent = [
            await self._send("outdial.events", EVENT),
            await self._send("outdial.results", ANSWER),
        ]
        for acknowledged in sent:
            await acknowledged
        at = {TopicPartition(self.kafka.topic("outdial.commands"), 0): OffsetAndMetadata(0, "")}
        await self.producer.send_offsets_to_transaction(at, self.kafka.topic("bare"))
        await self.producer.commit_transaction()

    def sum_ms(self) -> float:
        """The sum of the medians of the five."""
        return sum(median(self.took[name]) for name in REQUESTS)

    async def _send(self, topic: str, value: bytes) -> Any:
        batch = self.producer.create_batch()
        batch.append(key=b"bare", value=value, timestamp=None)
        batch.close()
        return await self.producer.send_batch(batch, self.kafka.topic(topic), partition=0)


@asynccontextmanager
async def bare_transactions(kafka: KafkaConfig) -> AsyncIterator[BareTransactions]:
    """Started, and every request of its connection timed."""
    producer = AIOKafkaProducer(**kafka.client(), transactional_id=kafka.topic("bare"))
    told = BareTransactions(kafka, producer)
    plain = producer.client.send

    async def timed(node: int, request: Any, **how: Any) -> Any:
        began = time.perf_counter()
        answer = await plain(node, request, **how)
        name = type(request).__name__.partition("Request")[0]
        told.took.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        return answer

    producer.client.send = timed
    await producer.start()
    try:
        yield told
    finally:
        await producer.stop()
