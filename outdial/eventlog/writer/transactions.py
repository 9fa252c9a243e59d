"""The transactional producer of one partition: fences its predecessor, appends a batch or nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiokafka.producer.sender
from aiokafka import AIOKafkaProducer, TopicPartition

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import Message
from outdial.eventlog.writer import clock
from outdial.eventlog.writer.settings import WriterSettings

log = logging.getLogger(__name__)
BATCH_BYTES: Final = 900_000
STOP_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Sent:
    topic: str
    count: int
    acknowledged: Awaitable[Any]


class Transactions:
    """One opening of the partition's transactional id."""

    def __init__(self, kafka: KafkaConfig, partition: int, settings: WriterSettings) -> None:
        # aiokafka sleeps 20 ms between a commit and the next transaction's first request (pinned version)
        aiokafka.producer.sender.BACKOFF_OVERRIDE = settings.marker_wait_s
        self._kafka, self._partition, self._settings = kafka, partition, settings
        self._producer = AIOKafkaProducer(
            **kafka.client(),
            transactional_id=f"{kafka.prefix}{settings.transactional_id}-{partition}",
            transaction_timeout_ms=settings.transaction_timeout_ms,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=settings.max_bytes,
            compression_type=settings.compression.get("type"),
        )

    async def open(self) -> None:
        """Fence the former owner and settle what it left open (InitProducerId)."""
        async with asyncio.timeout(self._settings.open_timeout_s):
            await self._producer.start()

    async def commit(self, messages: Mapping[str, Sequence[Message]], next_command: int) -> dict[str, int]:
        """Append by topic and move the commands offset, in one transaction.

        Returns the last offset of each topic (-1: the broker did not tell). The order is fixed: all sends are
        awaited before the offsets go, or the broker refuses one of the two and the client backs off. Raises
        ClockSkew before the commit; whatever else is raised, the outcome is unknown.
        """
        reached, wait = self._settings.reached, self._settings.transaction_wait_s
        await self._producer.begin_transaction()
        before_us = self._settings.clock()
        sends = [send for topic, batch in messages.items() for send in await self._send(topic, batch)]
        last = await asyncio.wait_for(self._acknowledged(sends, before_us), wait)
        reached("after-send")
        commands = TopicPartition(self._kafka.topic(self._settings.topics.commands), self._partition)
        group = self._kafka.topic(self._settings.group)
        offsets = self._producer.send_offsets_to_transaction({commands: next_command}, group)
        await asyncio.wait_for(offsets, wait)
        reached("before-commit")
        await asyncio.wait_for(self._producer.commit_transaction(), wait)
        reached("after-commit")
        return last

    async def close(self) -> None:
        """Stop the client; a fenced producer raises here and must be closed all the same."""
        self._take_note()
        if error := await closed(self._producer.stop(), STOP_TIMEOUT_S):
            log.info("fenced producer stopped", extra={"partition": self._partition, "error": repr(error)})
            await closed(self._producer.client.close(), STOP_TIMEOUT_S)

    def _take_note(self) -> None:
        """A batch that failed before it was sent fails a second future inside of the client, which nobody awaits."""
        for batches in self._producer._message_accumulator._batches.values():
            for batch in batches:
                if batch._drain_waiter.done() and not batch._drain_waiter.cancelled():
                    batch._drain_waiter.exception()

    async def _acknowledged(self, sends: Sequence[_Sent], before_us: int) -> dict[str, int]:
        answers = await asyncio.gather(*(send.acknowledged for send in sends))
        stamps = [answer.timestamp * 1000 for answer in answers if answer.timestamp_type == 1]
        clock.check(before_us, self._settings.clock(), stamps, self._settings.max_skew_us)
        return {
            send.topic: answer.offset + send.count - 1 if answer.offset >= 0 else -1
            for send, answer in zip(sends, answers, strict=True)
        }

    async def _send(self, topic: str, messages: Sequence[Message]) -> list[_Sent]:
        sends: list[_Sent] = []
        batch = self._producer.create_batch()
        for message in messages:
            if not self._fits(batch, message):
                sends.append(await self._close_batch(topic, batch))
                batch = self._producer.create_batch()
                if not self._fits(batch, message):
                    raise ValueError(f"a message for {topic} is larger than a batch")
        if batch.record_count():
            sends.append(await self._close_batch(topic, batch))
        return sends

    @staticmethod
    def _fits(batch: Any, message: Message) -> bool:
        headers = list(message.headers)
        return batch.append(key=message.key, value=message.value, timestamp=None, headers=headers) is not None

    async def _close_batch(self, topic: str, batch: Any) -> _Sent:
        batch.close()
        acknowledged: Awaitable[Any] = await self._producer.send_batch(
            batch, self._kafka.topic(topic), partition=self._partition
        )
        return _Sent(topic, batch.record_count(), acknowledged)
