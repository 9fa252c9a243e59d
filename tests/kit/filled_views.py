"""A second view version with the same history, filled from memory: its tables must be those of the first."""

from collections.abc import Sequence
from typing import Any

from outdial.eventlog.ports import LogRecord
from outdial.views import versions
from outdial.views.database import SCHEMA, connect
from outdial.views.fill.filling import Filling
from outdial.views.fill.memory import Limits
from outdial.views.reading import FactReader
from outdial.views.versions import Version
from tests.kit.views import CODEC, Db, Views

TABLES = (
    *("cursors", "campaigns", "campaign_counts", "parked_campaigns", "uploads", "rejected_rows", "records"),
    *("record_states", "attempts", "hidden_deletes", "erasures", "dead_rows", "do_not_call_lists"),
    *("do_not_call_numbers", "missing_persons", "history", "command_results"),
)
TIGHT = Limits(states_bytes=1, attempts=3)
"""So little that nearly everything is written at once, and goes on in the tables."""


async def fill(
    views: Views, records: Sequence[LogRecord], size: int, limits: Limits | None = None
) -> Version:
    """A new version, filled with records of one partition, `size` at a time."""
    made = await versions.begin(views.dsn)
    async with await connect(views.dsn, made.schema) as db:
        filling = filling_of(views, db, limits)
        await filling.begin()
        for start in range(0, len(records), size):
            await filling.apply(records[start].partition, records[start : start + size])
        await filling.finish()
    return made


def filling_of(views: Views, db: Db, limits: Limits | None = None) -> Filling:
    """A filling on a connection whose names mean an empty version."""
    return Filling(db, FactReader(CODEC, views.blocks, learn_nothing, views.blocks.log_end), limits)


async def learn_nothing(_: object) -> None:
    """The schema topic has nothing new."""


async def assert_same(views: Views, made: Version) -> None:
    """Every table of both versions, row for row; counts of nothing are nothing."""
    for table in TABLES:
        assert await rows_of(views, made.schema, table) == await rows_of(views, SCHEMA, table), table


async def rows_of(views: Views, schema: str, table: str) -> list[Any]:
    """A table of a version, sorted."""
    found = await views.db.execute(f"SELECT * FROM {schema}.{table}")  # noqa: S608  # names of ours
    rows = [row for row in await found.fetchall() if row.get("total") != 0]
    return sorted(rows, key=str)
