"""Answers of commands into the views, so that a caller whose connection broke can ask for them later."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from typing import Final

from aiokafka.errors import KafkaError
from psycopg import AsyncConnection, InterfaceError, OperationalError

from outdial.client.registry import SchemaTopic
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import partition_count
from outdial.eventlog.ports import LogRecord, LogUnavailable
from outdial.eventlog.replay import follow
from outdial.messages.codec import Codec, Undecodable, UnknownSchema
from outdial.messages.envelope import MOST_BYTES
from outdial.views import cursor
from outdial.views.columns import storable
from outdial.views.database import Row, connect

log = logging.getLogger(__name__)
TOPIC: Final = "outdial.results"
KEPT_US: Final = 7 * 24 * 3600 * 1_000_000
RETRY_S: Final = 1.0
SWEEP_S: Final = 3600.0
MOVE_EVERY_S: Final = 5.0  # a transaction that only moves the cursor
AWAY: Final = (
    OperationalError,
    InterfaceError,
    KafkaError,
    LogUnavailable,
    OSError,
    TimeoutError,
    cursor.CursorMoved,
)


class Results:
    """Follows the results of all partitions; several processes may, the cursor lets one win."""

    def __init__(self, kafka: KafkaConfig, dsn: str) -> None:
        self._kafka, self._dsn = kafka, dsn
        self._codec = Codec()
        self._schemas = SchemaTopic(kafka)
        self._swept = 0.0
        self._moved: dict[int, float] = {}

    async def run(self) -> None:
        """For ever; whatever breaks the connection is tried again."""
        while True:
            try:
                async with await connect(self._dsn) as db:
                    await self._follow(db)
            except AWAY as error:
                log.warning("results interrupted", extra={"error": str(error)})
                await asyncio.sleep(RETRY_S)

    async def _follow(self, db: AsyncConnection[Row]) -> None:
        count = await partition_count(self._kafka, TOPIC)
        starts = await cursor.cursors(db, TOPIC, range(count))
        async for batch in follow(self._kafka, TOPIC, starts):
            for partition, records in batch.items():
                await self._store(db, partition, records)
            await self._sweep(db)

    async def _store(self, db: AsyncConnection[Row], partition: int, records: Sequence[LogRecord]) -> None:
        rows = [row for record in records if (row := await self._read(record)) is not None]
        if not rows and time.monotonic() < self._moved.get(partition, 0.0) + MOVE_EVERY_S:
            return  # chunks and attempts: answers that nobody asks for again; at worst they are read once more
        self._moved[partition] = time.monotonic()
        async with db.transaction():
            before = await cursor.lock(db, TOPIC, partition)
            if records[-1].offset < before:
                return
            await db.execute(
                """
                INSERT INTO command_results
                SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::jsonb[]) ON CONFLICT DO NOTHING
                """,
                [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []],
            )
            await cursor.move(db, TOPIC, partition, before, records[-1].offset + 1)

    async def _read(self, record: LogRecord) -> tuple[str, str, int, str] | None:
        try:
            _, found = self._codec.decode(record.value or b"")
        except UnknownSchema:
            await self._schemas.learn(self._codec)
            _, found = self._codec.decode(record.value or b"")
        except Undecodable:
            log.error("undecodable result", extra={"partition": record.partition, "offset": record.offset})
            return None
        if not found["remember"] or ("outdial_replayed", b"true") in record.headers:
            return None
        found.pop("request_hash")
        found["details"] = json.loads(found["details"] or "{}")
        found = storable(found)
        stream, command_id = found["stream"], found["command_id"]
        if len(f"{stream}{command_id}".encode()) > 2 * MOST_BYTES:  # more than the database's index takes
            log.error("a result of nobody", extra={"partition": record.partition, "offset": record.offset})
            return None
        return stream, command_id, found["decided_us"], json.dumps(found, ensure_ascii=False)

    async def _sweep(self, db: AsyncConnection[Row]) -> None:
        if time.monotonic() < self._swept + SWEEP_S:
            return
        self._swept = time.monotonic()
        limit = time.time_ns() // 1000 - KEPT_US
        await db.execute("DELETE FROM command_results WHERE decided_us < %s", [limit])
