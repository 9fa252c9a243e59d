"""Ends the grace of deletes: their hidden rows go for good when the log can no longer undo them."""

from collections.abc import Mapping

from psycopg import AsyncConnection

from outdial.views import cursor
from outdial.views.columns import ranges
from outdial.views.database import Row
from outdial.views.fold_records import erase_everywhere

Db = AsyncConnection[Row]


async def over(db: Db, before_us: int) -> Mapping[int, int]:
    """Partitions with deletes whose grace was over before an instant, with the cursor of each.

    An undo may stand in the log behind the cursor: read up to the end of the log as of now before `end`.
    """
    found = await db.execute("SELECT DISTINCT partition FROM hidden_deletes WHERE until_us < %s", [before_us])
    partitions = [row["partition"] for row in await found.fetchall()]
    return await cursor.cursors(db, cursor.EVENTS, partitions) if partitions else {}


async def end(db: Db, partition: int, at: int, before_us: int) -> int:
    """Remove the rows of such deletes; returns how many deletes; none if the cursor is not `at` any more."""
    async with db.transaction():
        if await cursor.lock(db, cursor.EVENTS, partition) != at:
            return 0
        found = await db.execute(
            """
            DELETE FROM hidden_deletes AS h USING erasures AS e
            WHERE h.partition = %s AND h.until_us < %s AND e.campaign = h.campaign AND e.erasure_id = h.command_id
            RETURNING h.campaign, h.command_id, h.records, e.decided_us
            """,
            [partition, before_us],
        )
        rows = await found.fetchall()
        for row in rows:
            await erase_everywhere(db, row["campaign"], ranges(row["records"]), row["decided_us"])
            await db.execute(
                "UPDATE campaigns SET undo = NULL WHERE campaign = %s AND undo ->> 'command_id' = %s",
                [row["campaign"], row["command_id"]],
            )
    return len(rows)
