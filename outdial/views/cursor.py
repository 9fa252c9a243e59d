"""Where the views stand in the log; moved by compare-and-set in the transaction that changes the rows."""

from collections.abc import Iterable

from psycopg import AsyncConnection

from outdial.views.database import Row


class CursorMoved(Exception):
    """Somebody else has moved the cursor: this batch is theirs, or was taken in before."""


async def cursors(connection: AsyncConnection[Row], topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The next offset of each partition; 0 where nothing was read yet."""
    found = await connection.execute("SELECT partition, next_offset FROM cursors WHERE topic = %s", [topic])
    stored = {row["partition"]: row["next_offset"] for row in await found.fetchall()}
    return {partition: stored.get(partition, 0) for partition in partitions}


async def lock(connection: AsyncConnection[Row], topic: str, partition: int) -> int:
    """Lock the cursor for this transaction and return it."""
    await connection.execute(
        "INSERT INTO cursors VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", [topic, partition]
    )
    found = await connection.execute(
        "SELECT next_offset FROM cursors WHERE topic = %s AND partition = %s FOR UPDATE", [topic, partition]
    )
    row = await found.fetchone()
    return int(row["next_offset"]) if row else 0


async def move(connection: AsyncConnection[Row], topic: str, partition: int, before: int, after: int) -> None:
    """Move the cursor; CursorMoved when it is not where it was."""
    moved = await connection.execute(
        "UPDATE cursors SET next_offset = %s WHERE topic = %s AND partition = %s AND next_offset = %s",
        [after, topic, partition, before],
    )
    if moved.rowcount != 1:
        raise CursorMoved(f"{topic}/{partition} is not at {before}")
