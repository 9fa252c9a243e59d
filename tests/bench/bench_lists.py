"""What people wait for on the console: the last page of a record list, facets, the count of a filter."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Any, Final

from outdial.campaign.filter import Filter
from outdial.views import queries, versions
from outdial.views.database import connect
from outdial.views.selecting import condition
from tests.bench.measuring import ROUNDS, Line, Place
from tests.bench.seeding import ZONE, database, seed

PAGE: Final = 100
CAMPAIGN: Final = "full"


def run(place: Place) -> Sequence[Line]:
    """One campaign of the full size, queries one at a time on a connection that is open."""
    dsn = database(place.dsn, "lists")
    asyncio.run(versions.prepare(dsn))
    seed(dsn, CAMPAIGN, place.records)
    return asyncio.run(_measured(dsn, place.records))


async def _measured(dsn: str, records: int) -> Sequence[Line]:
    everything = condition((Filter(),), ZONE, "created")
    failed = condition((Filter(status=("Fail",)),), ZONE, "created")
    db = await connect(dsn)
    try:
        last = records - PAGE
        page_s = await _median_s(lambda: queries.records(db, CAMPAIGN, everything, last, PAGE))
        filtered_s = await _median_s(lambda: queries.records(db, CAMPAIGN, failed, last, PAGE))
        facets_s = await _median_s(lambda: queries.facets(db, CAMPAIGN, everything))
        count_s = await _median_s(lambda: queries.count(db, CAMPAIGN, failed))
        counts_s = await _median_s(lambda: queries.counts(db, CAMPAIGN))
    finally:
        await db.close()
    return [
        Line("last page of the record list", page_s * 1000, "<= 50", "ms"),
        Line("last page of a filtered list", filtered_s * 1000, "<= 50", "ms"),
        Line("facets over all records", facets_s, "<= 1.0", "s"),
        Line("count of one status", count_s, unit="s"),
        Line("counts of the campaign", counts_s * 1000, unit="ms"),
    ]


async def _median_s(ask: Callable[[], Awaitable[Any]]) -> float:
    await ask()
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await ask()
        found.append(time.perf_counter() - began)
    return median(found)
