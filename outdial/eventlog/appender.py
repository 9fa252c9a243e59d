"""Appends single messages: idempotent, acknowledged by all replicas, never one caller behind another."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig, unreachable
from outdial.eventlog.ports import AppendUnknown, LogUnavailable, Message

MAX_REQUEST_BYTES: Final = 1 << 20
# Callers at the same moment share a batch; whoever finds it full would have to wait for its turn.
BATCH_BYTES: Final = 256 << 10
START_TIMEOUT_S: Final = 10.0
STOP_TIMEOUT_S: Final = 10.0


class Appender:
    """One producer of a process."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._kafka = kafka
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect; LogUnavailable when the broker is away."""
        producer = AIOKafkaProducer(
            **self._kafka.client(),
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await closed(producer.stop(), STOP_TIMEOUT_S)
            raise unreachable(self._kafka, error) from error
        self._producer = producer

    async def stop(self) -> None:
        """Flush and disconnect, within 10 s: what is not acknowledged by then, its caller does not know."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await closed(producer.stop(), STOP_TIMEOUT_S)

    async def append(self, topic: str, partition: int, message: Message) -> int:
        """Append one message, return its offset.

        Raises LogUnavailable when it was not sent, AppendUnknown when its acknowledgement did not come,
        ValueError when it is larger than the log takes.
        """
        if self._producer is None:
            raise LogUnavailable("not connected to Kafka")
        try:
            sent = await self._producer.send(
                self._kafka.topic(topic),
                message.value,
                message.key,
                partition=partition,
                headers=list(message.headers),
            )
        except MessageSizeTooLargeError as error:
            raise ValueError(f"the message is larger than the log takes: {error}") from error
        except (KafkaError, OSError) as error:
            raise LogUnavailable(f"Kafka does not take messages: {error}") from error
        try:
            metadata = await asyncio.shield(sent)
        except KafkaTimeoutError as error:
            raise AppendUnknown(f"no acknowledgement from Kafka: {error}") from error
        except MessageSizeTooLargeError as error:
            raise ValueError(f"the message is larger than the log takes: {error}") from error
        except KafkaError as error:
            raise LogUnavailable(f"Kafka refused the message: {error}") from error
        return int(metadata.offset)
