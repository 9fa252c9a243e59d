"""Keeps draining the commands of one partition while a transaction runs, and prepares them ahead of it.

Without it every batch is one transaction old: the reader fetches right after it was drained.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import log_record
from outdial.eventlog.ports import LogRecord

POLL_MS: Final = 1000
STOP_TIMEOUT_S: Final = 5.0


class Feeder:
    """`take` gives what is there; an error of reading or preparing is raised by `wait`."""

    def __init__(
        self,
        reader: AIOKafkaConsumer,
        prepare: Callable[[Sequence[LogRecord]], Awaitable[None]],
        most: int,
        ahead: int,
    ) -> None:
        self._reader, self._prepare, self._most, self._ahead = reader, prepare, most, ahead
        self._buffer: deque[LogRecord] = deque()
        self._filled, self._drained = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._feed())
        self._task.add_done_callback(lambda _: self._filled.set())

    async def wait(self, wait_s: float) -> None:
        """Until something is there, at most `wait_s`."""
        if not self._buffer and not self._task.done():
            self._filled.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):  # no task of its own: a lone command waits for each
                    await self._filled.wait()
        if self._task.done():
            self._task.result()

    @property
    def has_some(self) -> bool:
        """Whether there is something to take."""
        return bool(self._buffer)

    def take(self, most: int) -> list[LogRecord]:
        """The next records in order, as many as are there."""
        taken = [self._buffer.popleft() for _ in range(min(most, len(self._buffer)))]
        self._drained.set()
        return taken

    def put_back(self, records: Sequence[LogRecord]) -> None:
        """What was taken and is to be taken again first."""
        self._buffer.extendleft(reversed(records))

    async def close(self) -> None:
        """Stop reading; what was not taken is read again by whoever opens the partition next."""
        self._task.cancel()
        await asyncio.wait([self._task], timeout=STOP_TIMEOUT_S)
        if self._task.done() and not self._task.cancelled():
            self._task.exception()  # raised by `wait` before, or of no interest any more
        await closed(self._reader.stop(), STOP_TIMEOUT_S)

    async def _feed(self) -> None:
        while True:
            if len(self._buffer) >= self._ahead * self._most:
                self._drained.clear()
                await self._drained.wait()
                continue
            fetched = await self._reader.getmany(timeout_ms=POLL_MS, max_records=self._most)
            for found in fetched.values():
                records = [log_record(record) for record in found]
                await self._prepare(records)
                self._buffer.extend(records)
                self._filled.set()
