"""Removes hidden rows when the grace of their delete is over and the log can no longer undo it."""

import asyncio
import logging
import time
from typing import Final

import psycopg
from psycopg import AsyncConnection

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogUnavailable
from outdial.eventlog.replay import replay
from outdial.views import graces
from outdial.views.cursor import EVENTS
from outdial.views.database import Row, connect

log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 5.0
# The writer judges an undo by its own clock, which is at most a second off; the rest is its way into the log.
MARGIN_US: Final = 10_000_000


class Graces:
    """Any number of processes may do this: the cursor is locked, and the rows go once."""

    def __init__(self, kafka: KafkaConfig, dsn: str) -> None:
        self._kafka, self._dsn = kafka, dsn

    async def run(self) -> None:
        """For ever; what is away is asked again later."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                async with await connect(self._dsn) as db:
                    await self.end_all(db)
            except (psycopg.Error, LogUnavailable, TimeoutError) as error:
                log.warning("graces could not be ended", extra={"error": str(error)})

    async def end_all(self, db: AsyncConnection[Row]) -> None:
        """End those that are over and whose partition is read to the end of the log."""
        before_us = time.time_ns() // 1000 - MARGIN_US
        for partition, at in (await graces.over(db, before_us)).items():
            if await self._is_read(partition, at):
                ended = await graces.end(db, partition, at, before_us)
                log.info("deletes are final", extra={"partition": partition, "deletes": ended})

    async def _is_read(self, partition: int, at: int) -> bool:
        """Whether no committed event stands between the cursor and the end of the log as of now."""
        async for _ in replay(self._kafka, EVENTS, {partition: at}):
            return False
        return True
