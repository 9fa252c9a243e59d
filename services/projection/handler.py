"""The handler behind the live stream: folds each batch, survives a database that goes away for a while."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

from psycopg import AsyncConnection, InterfaceError, OperationalError

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import replay
from outdial.views import cursor, parking, silent
from outdial.views.cursor import EVENTS, CursorMoved
from outdial.views.database import Row, connect
from outdial.views.fold import Folding
from services.projection.metrics import Metrics
from services.projection.sources import Sources
from services.projection.standing import Standing

log = logging.getLogger(__name__)
T = TypeVar("T")
DATABASE_PATIENCE_S: Final = 60.0
RETRY_S: Final = 0.25
# A committed transaction leaves one offset that is never delivered; a longer hole may hide events.
MARKER: Final = 1


class ProjectionHandler:
    """`eventlog`'s Handler: the position is the cursor in the database, the stream only a hint of what is new."""

    def __init__(self, kafka: KafkaConfig, dsn: str, standing: Standing, metrics: Metrics) -> None:
        self._kafka, self._dsn = kafka, dsn
        self._sources = Sources(kafka)
        self._standing, self._metrics = standing, metrics
        self._db: AsyncConnection[Row] | None = None
        self._lock = asyncio.Lock()  # positions may be asked for while a batch is on its way

    async def positions(self, partitions: frozenset[int]) -> Mapping[int, int]:
        """The cursors of the partitions."""
        await self._sources.start()

        async def read(db: AsyncConnection[Row]) -> tuple[dict[int, int], set[str]]:
            return await cursor.cursors(db, EVENTS, partitions), await parking.parked(db)

        at, parked = await self._patiently(read)
        self._standing.at = dict(at)
        self._note_parked(parked)
        self._standing.waits_for = ""
        return at

    async def handle(self, partition: int, records: Sequence[LogRecord]) -> None:
        """Fold a batch; what lies between the cursor and the batch is read from the log first."""
        try:
            await self._complete(partition, records[0].offset)
            await self._fold(partition, records)
        except CursorMoved as moved:  # another view version is current, and it is not as far
            log.warning("the cursor was moved", extra={"partition": partition, "to": moved.next_offset})
            self._standing.at[partition] = moved.next_offset
            await self._complete(partition, records[0].offset)
            await self._fold(partition, records)

    async def revoked(self, partitions: frozenset[int]) -> None:
        """Nothing to give back: the cursor is in the database."""
        for partition in partitions:
            self._standing.at.pop(partition, None)

    async def _complete(self, partition: int, offset: int) -> None:
        before = self._standing.at.get(partition, 0)
        if offset <= before + MARKER:
            return
        async for _, batch in replay(self._kafka, EVENTS, {partition: before}, {partition: offset}):
            await self._fold(partition, batch)

    async def _fold(self, partition: int, records: Sequence[LogRecord]) -> None:
        async def fold(db: AsyncConnection[Row]) -> None:
            before = self._standing.at.get(partition, 0)
            done = await Folding(db, self._sources.facts).apply(partition, records, before)
            self._standing.at[partition] = done.next_offset
            self._metrics.events.inc(done.events)
            self._note_parked({*self._standing.parked, *done.parked})

        with self._metrics.batches.time():
            await self._patiently(fold)
        self._metrics.lag.observe(max(0.0, time.time() - records[-1].timestamp_us / 1_000_000))

    def _note_parked(self, parked: set[str]) -> None:
        self._standing.parked = parked
        self._metrics.parked.set(len(parked))

    async def _patiently(self, work: Callable[[AsyncConnection[Row]], Awaitable[T]]) -> T:
        """Do it on a living connection; a database that is away is asked again for a minute."""
        async with self._lock:
            away_since = 0.0
            while True:
                try:
                    return await self._work(work)
                except (OperationalError, InterfaceError) as error:
                    away_since = away_since or time.monotonic()
                    if time.monotonic() > away_since + DATABASE_PATIENCE_S:
                        raise
                    await self._note_away(error)

    async def _work(self, work: Callable[[AsyncConnection[Row]], Awaitable[T]]) -> T:
        if self._db is None or self._db.closed:
            self._db = await connect(self._dsn)
            self._standing.backend = await silent.backend_of(self._db)
        self._standing.begin_work()
        try:
            done = await work(self._db)
        finally:
            self._standing.end_work()
        self._standing.problem = ""
        return done

    async def _note_away(self, error: Exception) -> None:
        self._standing.problem = f"database: {error}"
        self._metrics.away.inc()
        log.warning("the database is away", extra={"error": str(error)})
        if self._db is not None:
            await self._db.close()
            self._db = None
        await asyncio.sleep(RETRY_S)
