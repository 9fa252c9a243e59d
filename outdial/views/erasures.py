"""Deletes on their way to being gone for good: what the views still owe, and the rewriting of their tables."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import AsyncConnection

from outdial.campaign.events import ErasureConfirmed
from outdial.donotcall.lists import is_list
from outdial.views.database import Row
from outdial.views.facts import Fact
from outdial.views.versions import has_table, listed_schemas

Db = AsyncConnection[Row]
HOLDER: Final = "view"
PERSONAL: Final = ("records", "attempts", "rejected_rows")
LISTED: Final = ("do_not_call_numbers",)
LOCK_TIMEOUT: Final = "200ms"  # a rewrite waits for a running download, and everybody else waits behind it


@dataclass(frozen=True, slots=True)
class Owed:
    """A delete whose rows are gone from the tables; their bytes may still be in the files."""

    campaign: str
    erasure_id: str


async def begun(db: Db, fact: Fact, erasure_id: str, count: int, due_us: int = 0) -> None:
    """A delete of so many records or numbers was decided; nothing is owed before `due_us`."""
    await db.execute(
        "INSERT INTO erasures VALUES (%s, %s, %s, %s, %s, %s)",
        [fact.campaign, erasure_id, fact.partition, fact.at_us, due_us, count],
    )


async def confirmed(db: Db, campaign: str, event: ErasureConfirmed) -> None:
    """A holder has confirmed; only ours is noted."""
    if event.holder.partition(":")[0] == HOLDER:
        await db.execute(
            "UPDATE erasures SET is_confirmed = true WHERE campaign = %s AND erasure_id = %s",
            [campaign, event.erasure_id],
        )


async def done(db: Db, campaign: str, erasure_id: str) -> None:
    """Gone everywhere, or undone within its grace."""
    await db.execute("DELETE FROM erasures WHERE campaign = %s AND erasure_id = %s", [campaign, erasure_id])


async def owed(db: Db, before_us: int) -> Sequence[Owed]:
    """Deletes whose grace was over before an instant, whose rows are gone, and which nobody has confirmed."""
    found = await db.execute(
        """
        SELECT campaign, erasure_id FROM erasures AS e
        WHERE NOT is_confirmed AND due_us < %s AND NOT EXISTS (
            SELECT 1 FROM hidden_deletes AS h WHERE h.campaign = e.campaign AND h.command_id = e.erasure_id)
        ORDER BY campaign, erasure_id LIMIT 1000
        """,
        [before_us],
    )
    return [Owed(row["campaign"], row["erasure_id"]) for row in await found.fetchall()]


@dataclass(frozen=True, slots=True)
class DeadRows:
    """Rows of a campaign that were deleted since an instant, in so many deletes; their bytes may be in the files."""

    campaign: str
    since_us: int
    deletes: int


async def dead_rows(db: Db) -> Sequence[DeadRows]:
    """What was deleted since the tables were written anew, whether anybody has to confirm it or not."""
    found = await db.execute("SELECT campaign, since_us, deletes FROM dead_rows ORDER BY campaign LIMIT 1000")
    return [DeadRows(**row) for row in await found.fetchall()]


async def rewritten(db: Db, dead: Sequence[DeadRows]) -> None:
    """The tables were written anew after these had been read; what was deleted since is still to go."""
    for one in dead:
        await db.execute(
            "DELETE FROM dead_rows WHERE campaign = %s AND deletes = %s", [one.campaign, one.deletes]
        )


async def begun_in(db: Db, schema: str, owed: Sequence[Owed]) -> Sequence[Owed]:
    """Those that a view version that is being filled has taken in as well: its rows of them are gone."""
    found = await db.execute(f"SELECT campaign, erasure_id FROM {schema}.erasures")
    known = {Owed(row["campaign"], row["erasure_id"]) for row in await found.fetchall()}
    return [one for one in owed if one in known]


async def now(db: Db) -> int:
    """A transaction number above every one that has begun so far."""
    found = await db.execute("SELECT pg_current_xact_id()::text::bigint AS at")
    row = await found.fetchone()
    return int(row["at"]) if row else 0


async def is_seen_by_nobody(db: Db, at: int) -> bool:
    """Whether every transaction from before `at` is over: a rewrite would keep the rows that one may still see."""
    found = await db.execute(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > %s AS done", [at]
    )
    row = await found.fetchone()
    return bool(row and row["done"])


async def rewrite(db: Db, streams: Collection[str]) -> bool:
    """Write anew what holds rows of these streams, in every view version, without dead rows; then let go of the
    write-ahead log before it.

    Nobody can read what is being written: campaigns in other partitions are not held up. False when the database
    account may not force a checkpoint: then the server's own have to do. Raises psycopg.errors.LockNotAvailable while
    a download runs.
    """
    await db.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    for schema in await listed_schemas(db):
        for table in [one for one in _personal(streams) if await has_table(db, schema, one)]:
            for part in await _parts(db, f"{schema}.{table}", streams):
                await db.execute(f"VACUUM (FULL) {part}")
    try:
        await db.execute("SELECT pg_switch_wal()")
        await db.execute("CHECKPOINT")
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _personal(streams: Collection[str]) -> Sequence[str]:
    """The tables with personal data of such streams."""
    of_lists = LISTED if any(is_list(one) for one in streams) else ()
    return (*(PERSONAL if any(not is_list(one) for one in streams) else ()), *of_lists)


async def _parts(db: Db, table: str, streams: Collection[str]) -> Sequence[str]:
    """The partitions that can hold rows of these streams; the table itself when it has none."""
    found = await db.execute(
        r"""
        SELECT c.oid::regclass::text AS part, EXISTS (
            SELECT FROM unnest(%s::text[]) AS stream
            WHERE satisfies_hash_partition(i.inhparent, bound[1]::int, bound[2]::int, stream)) AS is_theirs
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid,
            regexp_match(pg_get_expr(c.relpartbound, c.oid), 'modulus (\d+), remainder (\d+)', 'i') AS bound
        WHERE i.inhparent = %s::regclass ORDER BY part
        """,
        [list(streams), table],
    )
    parts = await found.fetchall()
    return [row["part"] for row in parts if row["is_theirs"]] if parts else [table]
