"""The transactional producer of one partition: fences its predecessor, appends a batch or nothing."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final

import aiokafka.producer.sender
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import AppendUnknown, Message
from outdial.eventlog.writer import clock
from outdial.eventlog.writer.hanging import Hanging, end_hanging, hanging, partitions_of
from outdial.eventlog.writer.settings import WriterSettings

log = logging.getLogger(__name__)
BATCH_BYTES: Final = 900_000
STOP_TIMEOUT_S: Final = 1.0  # what a producer that is dropped still holds is of no use, and a new one waits


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
        self._id = f"{kafka.prefix}{settings.transactional_id}-{partition}"
        self._tps: Sequence[TopicPartition] = ()
        self._open_since: dict[Hanging, float] = {}
        self._producer = AIOKafkaProducer(
            **kafka.client(),
            transactional_id=self._id,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=settings.max_bytes,
            compression_type=settings.compression.get("type"),
        )

    async def open(self) -> None:
        """Fence the former owner and settle what it left open (InitProducerId), also where the broker failed to."""
        settings = self._settings
        async with asyncio.timeout(settings.open_timeout_s):
            await self._producer.start()
            topics, group = astuple(settings.topics), self._kafka.topic(settings.group)
            names = [self._kafka.topic(topic) for topic in topics]
            self._tps = await partitions_of(self._producer.client, names, self._partition, group)
            for one in await self._open_before():
                settings.observer.hung(self._partition)
                await end_hanging(self._kafka, self._producer.client, self._id, one)

    async def verify(self) -> bool:
        """Whether the broker says that nothing of ours is open, which holds while we have no transaction.

        Markers follow a commit at once, or after the broker is back. Raises AppendUnknown when they do not come: the
        next opening writes them.
        """
        try:
            found = await asyncio.wait_for(self._open_until_now(), self._settings.transaction_wait_s)
        except (KafkaError, TimeoutError):
            self._producer.client.force_metadata_update()
            return False
        now = time.monotonic()
        self._open_since = {one: self._open_since.get(one, now) for one in found}
        for one, since in self._open_since.items():
            if now - since > self._settings.markers_within_s:
                raise AppendUnknown(f"a transaction was not ended in {one.tp.topic}-{one.tp.partition}")
        return not found

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
        async with asyncio.timeout(wait):
            last = await self._acknowledged(sends, before_us)
        reached("after-send")
        commands = TopicPartition(self._kafka.topic(self._settings.topics.commands), self._partition)
        group = self._kafka.topic(self._settings.group)
        async with asyncio.timeout(wait):
            await self._producer.send_offsets_to_transaction({commands: next_command}, group)
        reached("before-commit")
        async with asyncio.timeout(wait):
            await self._producer.commit_transaction()
        reached("after-commit")
        return last

    async def close(self) -> None:
        """Stop the client; a fenced producer raises here and must be closed all the same."""
        self._take_note()
        if error := await closed(self._producer.stop(), STOP_TIMEOUT_S):
            log.info("fenced producer stopped", extra={"partition": self._partition, "error": repr(error)})
            await closed(self._producer.client.close(), STOP_TIMEOUT_S)

    async def _open_before(self) -> list[Hanging]:
        """What former openings have left."""
        return await self._hanging(range(self._producer._txn_manager.producer_epoch))

    async def _open_until_now(self) -> list[Hanging]:
        """The same, and what we have left ourselves."""
        return await self._hanging(range(self._producer._txn_manager.producer_epoch + 1))

    async def _hanging(self, epochs: range) -> list[Hanging]:
        producer_id = self._producer._txn_manager.producer_id
        return await hanging(self._producer.client, producer_id, epochs, self._tps)

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
