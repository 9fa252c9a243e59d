"""Where the views stand in the log; moved by compare-and-set in the transaction that changes the rows."""

from collections.abc import Iterable
from typing import Final

from psycopg import AsyncConnection

from outdial.views.database import Row

EVENTS: Final = "outdial.events"  # what the views are made from


class CursorMoved(Exception):
    """The cursor is not where the caller believes; `next_offset` is where it is. Nothing was changed."""

    def __init__(self, topic: str, partition: int, next_offset: int) -> None:
        super().__init__(f"{topic}/{partition} is at {next_offset}")
        self.next_offset = next_offset


async def cursors(db: AsyncConnection[Row], topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The next offset of each partition; 0 where nothing was read yet."""
    found = await db.execute("SELECT partition, next_offset FROM cursors WHERE topic = %s", [topic])
    stored = {row["partition"]: row["next_offset"] for row in await found.fetchall()}
    return {partition: stored.get(partition, 0) for partition in partitions}


async def lock(db: AsyncConnection[Row], topic: str, partition: int) -> int:
    """Lock the cursor for this transaction and return it."""
    await db.execute("INSERT INTO cursors VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", [topic, partition])
    found = await db.execute(
        "SELECT next_offset FROM cursors WHERE topic = %s AND partition = %s FOR UPDATE", [topic, partition]
    )
    row = await found.fetchone()
    return int(row["next_offset"]) if row else 0


async def move(db: AsyncConnection[Row], topic: str, partition: int, before: int, after: int) -> None:
    """Move the cursor; CursorMoved when it is not where it was."""
    moved = await db.execute(
        "UPDATE cursors SET next_offset = %s WHERE topic = %s AND partition = %s AND next_offset = %s",
        [after, topic, partition, before],
    )
    if moved.rowcount != 1:
        raise CursorMoved(topic, partition, await lock(db, topic, partition))
