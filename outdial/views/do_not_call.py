"""Questions to the views about do-not-call lists. Instants are microseconds UTC, 0 = never."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from psycopg import AsyncConnection

from outdial.donotcall.numbers import NumberSet
from outdial.views.database import Row

Db = AsyncConnection[Row]
# A row of PostgreSQL's binary COPY with one bigint: how many fields, how long it is, its value.
_COPIED: Final = np.dtype([("fields", ">i2"), ("length", ">i4"), ("number", ">i8")])
_HEADER_BYTES, _TRAILER_BYTES = 19, 2


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


async def sequences(db: Db) -> Mapping[str, int]:
    """How far each list is."""
    found = await db.execute("SELECT list, sequence FROM do_not_call_lists")
    return {row["list"]: row["sequence"] for row in await found.fetchall()}


async def all_numbers(db: Db) -> NumberSet:
    """Every number that is on any list: a million in about a second, eight bytes each."""
    data = bytearray()
    async with (
        db.cursor() as cursor,
        cursor.copy("COPY (SELECT number FROM do_not_call_numbers) TO STDOUT (FORMAT BINARY)") as copying,
    ):
        async for block in copying:
            data += block
    rows = np.frombuffer(memoryview(data)[_HEADER_BYTES:-_TRAILER_BYTES], _COPIED)
    return NumberSet(rows["number"].astype(np.int64))
