"""Sends commands and waits for their answers: one producer, one reader of the newest results."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from outdial.client.registry import SchemaTopic
from outdial.client.requests import Answer, OutcomeUnknown, Request, answer_of, message_of
from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import AppendUnknown, LogRecord
from outdial.eventlog.tail import Tail
from outdial.messages.codec import Codec, UnknownSchema
from outdial.messages.partition import partition_of


def wall_clock_us() -> int:
    """Microseconds UTC of this machine."""
    return time.time_ns() // 1000


class CommandSender:
    """Commands of one process to any campaign. `source` names the process in the envelope of its commands."""

    def __init__(
        self, kafka: KafkaConfig, partitions: int, source: str, clock: Callable[[], int] = wall_clock_us
    ) -> None:
        self.partitions = partitions
        self.codec = Codec()
        self._id = f"{source}/{uuid4().hex}"
        self._reply_to = self._id.encode()
        self._clock = clock
        self._schemas = SchemaTopic(kafka)
        self._appender = Appender(kafka)
        self._tail = Tail(kafka, "outdial.results")
        self._waiting: dict[tuple[str, str], list[asyncio.Future[Answer]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Publish this program's schemas, then listen for answers; LogUnavailable when the broker is away."""
        await self._schemas.publish(self.codec)
        await self._appender.start()
        await self._tail.start()
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """Stop listening; whoever still waits hears OutcomeUnknown."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        await self._tail.stop()
        await self._appender.stop()

    async def broken(self) -> None:
        """Wait until answers are no longer heard, which only an error ends: a new sender has to be made then."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        """Append one command and wait for its answer.

        Raises LogUnavailable: nothing was appended; OutcomeUnknown: no answer within `timeout_s`.
        """
        key = (request.stream, request.command_id)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        try:
            async with asyncio.timeout(timeout_s):
                await self._append(request)
                return await future
        except (TimeoutError, AppendUnknown):
            raise OutcomeUnknown(request.command_id) from None
        finally:
            self._forget(key, future)

    async def send_all(
        self, requests: Sequence[Request], timeout_s: float = 5.0
    ) -> list[Answer | OutcomeUnknown]:
        """Send at once; each answer, or OutcomeUnknown in its place. Raises LogUnavailable."""
        return await asyncio.gather(*(self._send_or_unknown(request, timeout_s) for request in requests))

    async def _send_or_unknown(self, request: Request, timeout_s: float) -> Answer | OutcomeUnknown:
        try:
            return await self.send(request, timeout_s)
        except OutcomeUnknown as unknown:
            return unknown

    async def _append(self, request: Request) -> None:
        message = message_of(request, self.codec, self._id, self._clock())
        partition = partition_of(request.stream.encode(), self.partitions)
        await self._appender.append("outdial.commands", partition, message)

    def _forget(self, key: tuple[str, str], future: asyncio.Future[Answer]) -> None:
        waiting = self._waiting[key]
        waiting.remove(future)
        if not waiting:
            del self._waiting[key]

    async def _read(self) -> None:
        async for records in self._tail:
            for record in records:
                if ("reply_to", self._reply_to) in record.headers:
                    await self._deliver(record)

    async def _deliver(self, record: LogRecord) -> None:
        try:
            answer = answer_of(record, self.codec)
        except UnknownSchema:
            await self._schemas.learn(self.codec)
            answer = answer_of(record, self.codec)
        for future in self._waiting.get((answer.stream, answer.command_id), ()):
            if not future.done():
                future.set_result(answer)
