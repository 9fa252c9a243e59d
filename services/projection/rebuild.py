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
from outdial.views.fill.filling import Filling
from outdial.views.fill.states import NotFillable
from outdial.views.fold import Folding
from outdial.views.versions import Version
from services.projection.sources import Sources

log = logging.getLogger(__name__)
Db = AsyncConnection[Row]
Show = Callable[[Progress], None]


class EventRefused(Exception):
    """A campaign cannot be rebuilt: one of its events cannot be taken in. The current version stays."""


async def rebuild(kafka: KafkaConfig, dsn: str, show: Show) -> Version:
    """A new version, current and caught up; the former one is kept if this program can read it.

    Strict: raises EventRefused instead of parking a campaign that was not parked before. Raises what folding raises.
    A crash means that the next rebuild begins again.
    """
    former = await versions.prepare(dsn)
    tolerated = await _parked(dsn)
    sources = Sources(kafka)
    await sources.start()
    try:
        async with await connect(dsn) as db:
            await versions.hold_filling(db)
            await db.execute("SET synchronous_commit = off")
            version = await _filled(kafka, dsn, db, sources, show)
            while True:  # what was written meanwhile is little, and the version may be read before long
                await _take_in(kafka, db, Folding(db, sources.facts), show)
                if refused := await parking.parked(db) - tolerated:
                    raise EventRefused(f"{', '.join(sorted(refused))}: see the log")
                await db.execute("ANALYZE")
                if await versions.switch(dsn, version.number):
                    break
    finally:
        await sources.stop()
    if former.layout != version.layout:
        await versions.drop(dsn, former.number)
    return version


async def _filled(kafka: KafkaConfig, dsn: str, db: Db, sources: Sources, show: Show) -> Version:
    """A version that has taken in the log as of now; an empty one when only `Folding` can take it in."""
    version = await _begun(dsn, db)
    filling = Filling(db, sources.facts)
    try:
        await filling.begin()
        await _take_in(kafka, db, filling, show)
        log.info("the log is read, writing states and indexes")
        await filling.finish()
    except NotFillable as error:
        log.warning("taking the log in event by event, from its start", extra={"why": str(error)})
        version = await _begun(dsn, db)
    return version


async def _begun(dsn: str, db: Db) -> Version:
    version = await versions.begin(dsn)
    await db.execute("SELECT set_config('search_path', %s, false)", [version.schema])
    return version


async def _take_in(kafka: KafkaConfig, db: Db, folding: Folding, show: Show) -> None:
    """Everything up to the end of the log as of now."""
    starts = await cursor.cursors(db, EVENTS, range(await partition_count(kafka, EVENTS)))
    async for partition, records in replay(kafka, EVENTS, starts, progress=show):
        await folding.apply(partition, records)


async def _parked(dsn: str) -> set[str]:
    """Campaigns that the former version has parked too: they do not get worse."""
    async with await connect(dsn) as db:
        return await parking.parked(db)
