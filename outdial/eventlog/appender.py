"""Appends single messages: idempotent, acknowledged by all replicas, never one caller behind another."""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import AppendUnknown, LogUnavailable, Message

MAX_REQUEST_BYTES = 1 << 20
START_TIMEOUT_S = 10.0


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
            max_request_size=MAX_REQUEST_BYTES,
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await producer.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await producer.stop()
            raise LogUnavailable(f"cannot reach Kafka at {self._kafka.bootstrap}: {error}") from error
        self._producer = producer

    async def stop(self) -> None:
        """Flush and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

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
        except KafkaError as error:
            raise LogUnavailable(f"Kafka refused the message: {error}") from error
        return int(metadata.offset)
