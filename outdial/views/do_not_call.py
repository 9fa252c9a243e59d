"""Questions to the views about do-not-call lists. Instants are microseconds UTC, 0 = never."""

from collections.abc import Sequence

from psycopg import AsyncConnection

from outdial.views.database import Row

Db = AsyncConnection[Row]


async def lists(db: Db) -> list[Row]:
    """Every list with its sequence and how many numbers it has, in the order of their ids."""
    found = await db.execute("SELECT * FROM do_not_call_lists ORDER BY list")
    return await found.fetchall()


async def one_list(db: Db, list_id: str) -> Row | None:
    """One list, None when there is none."""
    found = await db.execute("SELECT * FROM do_not_call_lists WHERE list = %s", [list_id])
    return await found.fetchone()


async def entries(db: Db, numbers: Sequence[int], list_id: str | None = None) -> list[Row]:
    """Where these numbers stand, on one list or on all."""
    found = await db.execute(
        "SELECT * FROM do_not_call_numbers WHERE number = ANY(%s) AND (%s::text IS NULL OR list = %s)"
        " ORDER BY list, entry",
        [list(numbers), list_id, list_id],
    )
    return await found.fetchall()


async def numbers(db: Db, list_id: str, after: int, limit: int) -> list[Row]:
    """What is on a list, in the order in which it came, after an entry."""
    found = await db.execute(
        "SELECT * FROM do_not_call_numbers WHERE list = %s AND entry > %s ORDER BY entry LIMIT %s",
        [list_id, after, limit],
    )
    return await found.fetchall()


async def listed(db: Db, numbers: Sequence[int]) -> frozenset[int]:
    """Those of the numbers that are on any list. Where there is no list, nothing else is asked."""
    one = await db.execute("SELECT 1 FROM do_not_call_numbers LIMIT 1")
    if await one.fetchone() is None:
        return frozenset()
    as_text = f"{{{','.join(map(str, numbers))}}}"  # an array is made here number by number
    found = await db.execute(
        "SELECT DISTINCT number FROM do_not_call_numbers WHERE number = ANY(%s::bigint[])", [as_text]
    )
    return frozenset(row["number"] for row in await found.fetchall())
