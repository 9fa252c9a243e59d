"""Fills a new view version from the first event, and makes it the current one when it has caught up."""

import logging
from collections.abc import Callable

from psycopg import AsyncConnection

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import partition_count
from outdial.eventlog.replay import Progress, replay
from outdial.views import cursor, parking, versions
from outdial.views.cursor import EVENTS
from outdial.views.database import Row, connect
from outdial.views.fold import Folding
from outdial.views.versions import Version
from services.projection.sources import Sources

log = logging.getLogger(__name__)
Show = Callable[[Progress], None]


class EventRefused(Exception):
    """A campaign cannot be rebuilt: one of its events cannot be taken in. The current version stays."""


async def rebuild(kafka: KafkaConfig, dsn: str, show: Show) -> Version:
    """A new version, current and caught up; the former one is kept if this program can read it.

    Strict: raises EventRefused instead of parking a campaign that was not parked before. Raises what folding raises.
    """
    former = await versions.prepare(dsn)
    tolerated = await _parked(dsn)
    sources = Sources(kafka)
    await sources.start()
    try:
        async with await connect(dsn) as db:
            await versions.hold_filling(db)
            version = await versions.begin(dsn)
            await db.execute("SELECT set_config('search_path', %s, false)", [version.schema])
            await db.execute("SET synchronous_commit = off")  # a crash means: begin again
            while True:
                parked = await _fill(kafka, db, sources, show)
                if refused := parked - tolerated:
                    raise EventRefused(f"{', '.join(sorted(refused))}: see the log")
                await db.execute("ANALYZE")
                if await versions.switch(dsn, version.number):
                    break
    finally:
        await sources.stop()
    if former.layout != version.layout:
        await versions.drop(dsn, former.number)
    return version


async def _fill(kafka: KafkaConfig, db: AsyncConnection[Row], sources: Sources, show: Show) -> set[str]:
    """Take in everything up to the end of the log as of now; returns the campaigns that are parked."""
    starts = await cursor.cursors(db, EVENTS, range(await partition_count(kafka, EVENTS)))
    folding = Folding(db, sources.facts)
    async for partition, records in replay(kafka, EVENTS, starts, progress=show):
        await folding.apply(partition, records)
    return await parking.parked(db)


async def _parked(dsn: str) -> set[str]:
    """Campaigns that the former version has parked too: they do not get worse."""
    async with await connect(dsn) as db:
        return await parking.parked(db)
