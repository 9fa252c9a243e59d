"""The handler behind the live stream: folds each batch, survives a database that goes away for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

from psycopg import AsyncConnection, InterfaceError, OperationalError

from outdial.client.registry import SchemaTopic
from outdial.eventlog.blocks import BlockReader
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import replay
from outdial.messages.codec import Codec, UnknownSchema
from outdial.views import cursor
from outdial.views.database import Row, connect
from outdial.views.fold import TOPIC, Folding
from services.projection.reading import BlockSource

log = logging.getLogger(__name__)
T = TypeVar("T")
DATABASE_PATIENCE_S: Final = 60.0
RETRY_S: Final = 0.25


class ProjectionHandler:
    """`eventlog`'s Handler: the position is the cursor in the database."""

    def __init__(self, kafka: KafkaConfig, dsn: str) -> None:
        self._kafka, self._dsn = kafka, dsn
        self._codec = Codec()
        self._blocks = BlockReader(kafka, "outdial.persons")
        self._schemas = SchemaTopic(kafka)
        self._db: AsyncConnection[Row] | None = None
        self._lock = asyncio.Lock()
        self._started = False
        self.problem = ""
        self.at: dict[int, int] = {}

    async def positions(self, partitions: frozenset[int]) -> Mapping[int, int]:
        """The cursors of the partitions."""
        await self._start()

        async def read(db: AsyncConnection[Row]) -> dict[int, int]:
            return await cursor.cursors(db, TOPIC, partitions)

        self.at = await self._patiently(read)
        return self.at

    async def handle(self, partition: int, records: Sequence[LogRecord]) -> None:
        """Fold a batch; what lies between the cursor and the batch is read from the log first."""
        missing = await self._missing(partition, records[0].offset)
        for batch in [*missing, records]:
            await self._fold(partition, batch)
        self.at[partition] = records[-1].offset + 1

    async def revoked(self, partitions: frozenset[int]) -> None:
        """Nothing to give back: the cursor is in the database."""
        for partition in partitions:
            self.at.pop(partition, None)

    async def _missing(self, partition: int, offset: int) -> list[Sequence[LogRecord]]:
        """Batches that the stream skipped; markers between transactions leave none."""
        before = self.at.get(partition, 0)
        if before >= offset:
            return []
        return [
            batch async for _, batch in replay(self._kafka, TOPIC, {partition: before}, {partition: offset})
        ]

    async def _fold(self, partition: int, records: Sequence[LogRecord]) -> None:
        await self._learn(records)

        async def fold(db: AsyncConnection[Row]) -> int:
            return await Folding(db, self._codec, BlockSource(self._blocks, self._codec)).apply(
                partition, records
            )

        await self._patiently(fold)

    async def _learn(self, records: Sequence[LogRecord]) -> None:
        """A schema that this program does not have yet was published before its first use."""
        for record in records:
            try:
                self._codec.decode(record.value or b"")
            except UnknownSchema:
                await self._schemas.learn(self._codec)

    async def _patiently(self, work: Callable[[AsyncConnection[Row]], Awaitable[T]]) -> T:
        """Do it on a living connection; a database that is away is asked again for a minute."""
        async with self._lock, asyncio.timeout(DATABASE_PATIENCE_S):
            while True:
                try:
                    if self._db is None or self._db.closed:
                        self._db = await connect(self._dsn)
                    done = await work(self._db)
                except (OperationalError, InterfaceError) as error:
                    self.problem = f"database: {error}"
                    log.warning("the database is away", extra={"error": str(error)})
                    await self._disconnect()
                    await asyncio.sleep(RETRY_S)
                else:
                    self.problem = ""
                    return done

    async def _disconnect(self) -> None:
        if self._db is not None:
            await self._db.close()
            self._db = None

    async def _start(self) -> None:
        if not self._started:
            await self._blocks.start()
            self._started = True
