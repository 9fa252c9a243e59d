"""Rebuild of the views from a log: an upload, and an attempt with its outcome for each record, indexes included."""

import asyncio
from collections.abc import Sequence
from typing import Final

from tests.bench.histories import dial, uploaded
from tests.bench.measuring import ROUNDS, Line, Place, Rounds, span
from tests.bench.seeding import database
from tests.kit.views import Views, log_records

SHARE: Final = 10  # of the full size: the cost is the same per record
BATCH: Final = 500


def run(place: Place) -> Sequence[Line]:
    """Records per second of wall time, the fold alone: reading the log is measured with the replay."""
    records = max(1_000, place.records // SHARE)
    campaign = uploaded(records)
    upload = len(campaign.history)
    dial(campaign, records)
    history = log_records("bench", campaign.history)
    rounds = Rounds()
    for number in range(ROUNDS):
        dsn = database(place.dsn, f"rebuild{number}")
        asyncio.run(_fold(dsn, place, rounds, (history[:upload], history)))
    beside = (
        f"{records:,} records: upload {rounds.median('upload'):.1f} s, attempts {rounds.median('attempts'):.1f} s;"
        f" CPU {rounds.median('own'):.1f} s fold + {rounds.median('server'):.1f} s server"
    )
    wall = rounds.median("all")
    return [
        Line("view rebuild with attempts and indexes", records / wall, ">= 50000", "records/s", beside),
        Line("of it the upload alone", records / rounds.median("upload"), unit="records/s"),
    ]


async def _fold(
    dsn: str, place: Place, rounds: Rounds, parts: tuple[Sequence[object], Sequence[object]]
) -> None:
    upload, history = parts
    async with Views(dsn) as views:
        with span([place.database_pid]) as first:
            await views.fold_in_batches(history[: len(upload)], BATCH)  # type: ignore[arg-type]  # of log records
        with span([place.database_pid]) as second:
            for start in range(len(upload), len(history), BATCH):
                await views.fold(history[start : start + BATCH], start)  # type: ignore[arg-type]  # the same
    rounds.add("upload", first.wall_s)
    rounds.add("attempts", second.wall_s)
    rounds.add("all", first.wall_s + second.wall_s)
    rounds.add("own", first.own_cpu_s + second.own_cpu_s)
    rounds.add("server", first.other_cpu_s + second.other_cpu_s)
