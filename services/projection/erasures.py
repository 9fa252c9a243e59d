"""Makes the bytes of deleted rows go from the database's files, and confirms it to the log."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection

from outdial.campaign.commands import ConfirmErasure
from outdial.client.requests import OutcomeUnknown, Request
from outdial.client.sender import CommandSender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogUnavailable
from outdial.views import erasures, versions
from outdial.views.database import Row, connect
from outdial.views.erasures import DeadRows, Owed
from services.projection.graces import MARGIN_US

log = logging.getLogger(__name__)
SOURCE: Final = "outdial/projection"
LOOK_EVERY_S: Final = 5.0
AWAY: Final = (psycopg.Error, KafkaError, LogUnavailable, OutcomeUnknown, OSError, TimeoutError)
OLD_READERS_S: Final = 60.0
SHARE: Final = 20  # of the time at most one part in twenty goes into rewriting tables
BUSY_PAUSE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Due:
    """`owed` have to be confirmed; `dead` are rows whose bytes may still be in the files, owed or not."""

    owed: Sequence[Owed]
    dead: Sequence[DeadRows]


class Erasures:
    """Any number of processes may do this: a confirmation counts once.

    `unreferenced_s`: how long rows of uploads that came to nothing may stay in the files, when nobody waits for it.
    """

    def __init__(self, kafka: KafkaConfig, partitions: int, dsn: str, unreferenced_s: float) -> None:
        self._kafka, self._partitions, self._dsn = kafka, partitions, dsn
        self._unreferenced_us = int(unreferenced_s * 1_000_000)

    async def run(self) -> None:
        """For ever; what is away is asked again later."""
        pause_s = LOOK_EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            began, pause_s = time.monotonic(), LOOK_EVERY_S
            try:
                async with await connect(self._dsn) as db:
                    if await self.erase(db):
                        pause_s = max(LOOK_EVERY_S, SHARE * (time.monotonic() - began))
            except psycopg.errors.LockNotAvailable:
                log.info("a reader holds a table, erasing later")
                pause_s = BUSY_PAUSE_S
            except AWAY as error:
                log.warning("could not erase", extra={"error": str(error)})

    async def erase(self, db: AsyncConnection[Row]) -> int:
        """Rewrite the tables if anything is due, confirm it; returns how many deletes that were."""
        async with versions.nobody_fills(db) as nobody_fills:
            if nobody_fills and await versions.filling_schemas(db):
                await versions.drop_half_filled(self._dsn)
            due = await self._due(db, is_filling=not nobody_fills)
            if not due.owed and not due.dead:
                return 0
            await _old_readers_gone(db)
            streams = {one.campaign for one in due.owed} | {one.campaign for one in due.dead}
            if not await erasures.rewrite(db, streams):
                log.warning(
                    "the account may not force a checkpoint: old write-ahead log stays until the next one"
                )
            await erasures.rewritten(db, due.dead)
            await self._confirm(due.owed)
        log.info("deleted rows are gone from the database", extra={"deletes": len(due.owed)})
        return len(due.owed) + len(due.dead)

    async def _due(self, db: AsyncConnection[Row], *, is_filling: bool) -> Due:
        now_us = time.time_ns() // 1000
        owed = await erasures.owed(db, now_us - MARGIN_US)
        dead = await erasures.dead_rows(db)
        if is_filling:
            schemas = await versions.filling_schemas(db)
            owed = [] if not schemas else owed
            for schema in schemas:
                owed = await erasures.begun_in(db, schema, owed)
        is_old = any(one.since_us < now_us - self._unreferenced_us for one in dead)
        return Due(owed, dead if owed or is_old else [])

    async def _confirm(self, owed: Sequence[Owed]) -> None:
        if not owed:
            return
        sender = CommandSender(self._kafka, self._partitions, SOURCE)
        await sender.start()
        try:
            for one in owed:
                command = ConfirmErasure(one.erasure_id, erasures.HOLDER)
                command_id = f"{one.erasure_id}/{erasures.HOLDER}"
                await sender.send(Request(one.campaign, command, command_id, SOURCE))
        finally:
            await sender.stop()


async def _old_readers_gone(db: AsyncConnection[Row]) -> None:
    """Wait for transactions that may still see the rows. Raises TimeoutError."""
    at = await erasures.now(db)
    async with asyncio.timeout(OLD_READERS_S):
        while not await erasures.is_seen_by_nobody(db, at):  # noqa: ASYNC110  # other processes end them
            await asyncio.sleep(0.2)
