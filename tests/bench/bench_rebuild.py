"""Rebuild of the views from a log: an upload, and an attempt with its outcome for each record, indexes included."""

import asyncio
from collections.abc import Sequence
from typing import Final

from outdial.eventlog.ports import LogRecord
from outdial.views import versions
from outdial.views.database import connect
from outdial.views.fill.filling import Filling
from tests.bench.histories import dial, uploaded
from tests.bench.measuring import ROUNDS, Line, Place, Rounds, Span, span
from tests.bench.seeding import database
from tests.kit.filled_views import filling_of
from tests.kit.views import Views, log_records

SHARE: Final = 10  # of the full size: the cost is the same per record
BATCH: Final = 500
PARTS: Final = ("upload", "attempts", "finish")
Parts = tuple[Sequence[LogRecord], Sequence[LogRecord]]


def run(place: Place) -> Sequence[Line]:
    """Records per second of wall time, without reading the log: that is measured with the replay."""
    records = max(1_000, place.records // SHARE)
    campaign = uploaded(records)
    upload = len(campaign.history)
    dial(campaign, records)
    history = log_records("bench", campaign.history)
    rounds = Rounds()
    for number in range(ROUNDS):
        dsn = database(place.dsn, f"rebuild{number}")
        asyncio.run(_fold(dsn, place, rounds, (history[:upload], history[upload:])))
    shares = ", ".join(f"{part} {rounds.median(part):.1f} s" for part in PARTS)
    cpu = f"{rounds.median('own'):.1f} s fold + {rounds.median('server'):.1f} s server"
    beside = f"{records:,} records: {shares}; CPU {cpu}"
    return [
        Line(
            "view rebuild with attempts and indexes",
            records / rounds.median("all"),
            ">= 50000",
            "records/s",
            beside,
        ),
        Line("records per CPU second, fold and server", records / rounds.median("cpu")),
        Line("held in memory per record, with its attempt", rounds.median("held") / records, unit="bytes"),
        Line(
            "event by event, as the projection folds", records / rounds.median("by_event"), unit="records/s"
        ),
    ]


async def _fold(dsn: str, place: Place, rounds: Rounds, parts: Parts) -> None:
    async with Views(dsn) as views:
        made = await versions.begin(dsn)
        async with await connect(dsn, made.schema) as db:
            await db.execute("SET synchronous_commit = off")
            filling = filling_of(views, db)
            await filling.begin()
            upload = await _taken_in(filling, parts[0], place)
            attempts = await _taken_in(filling, parts[1], place)
            rounds.add("held", filling.held_bytes)
            with span([place.database_pid]) as finish:
                await filling.finish()
        with span() as by_event:
            await views.fold_in_batches([*parts[0], *parts[1]], BATCH)
    for name, one in zip(PARTS, (upload, attempts, finish), strict=True):
        rounds.add(name, one.wall_s)
    spans = (upload, attempts, finish)
    rounds.add("all", sum(one.wall_s for one in spans))
    rounds.add("cpu", sum(one.cpu_s for one in spans))
    rounds.add("own", sum(one.own_cpu_s for one in spans))
    rounds.add("server", sum(one.other_cpu_s for one in spans))
    rounds.add("by_event", by_event.wall_s)


async def _taken_in(filling: Filling, records: Sequence[LogRecord], place: Place) -> Span:
    with span([place.database_pid]) as told:
        for start in range(0, len(records), BATCH):
            await filling.apply(0, records[start : start + BATCH])
    return told
