"""View versions: the current one, one that is being filled beside it, and former ones kept for going back.

The current version is the schema `outdial_views`, the others are `outdial_v<number>`; a switch renames both in one
transaction, so that every connection means the new tables with its next statement. A version knows the layout
(schema.sql) it was made with: a program with another layout fills a new version before it goes on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import Final

from psycopg import AsyncConnection

from outdial.views.cursor import EVENTS
from outdial.views.database import SCHEMA, Row, connect

META: Final = "outdial"
LOCK: Final = 0x6F757464  # only one process makes or switches versions
FILL_LOCK: Final = 0x66696C6C  # held by whoever fills a version, as long as it lives
LOCK_RETRY_S: Final = 0.2
FILLING, CURRENT, KEPT = "filling", "current", "kept"
Db = AsyncConnection[Row]


class VersionUnknown(Exception):
    """There is no such view version, or it is not one that this can be done with."""


@dataclass(frozen=True, slots=True)
class Version:
    """One view version. `state`: filling, current or kept. Times in microseconds UTC."""

    number: int
    state: str
    layout: str
    made_us: int

    @property
    def schema(self) -> str:
        """The schema that holds its tables."""
        return SCHEMA if self.state == CURRENT else f"outdial_v{self.number}"


def layout() -> str:
    """The layout that this program reads and writes, as a hash."""
    return sha256(_ddl().encode()).hexdigest()[:16]


async def prepare(dsn: str) -> Version:
    """The current version, made empty when there is none. Its layout may be another one than this program's."""
    async with _administering(dsn) as db:
        await _drop_left_overs(db)
        current = await _current(db)
        if current is None:
            current = await _make(db, CURRENT)
        return current


async def begin(dsn: str) -> Version:
    """A new, empty version to be filled; one that was left half filled is dropped."""
    await drop_half_filled(dsn)
    async with _administering(dsn) as db:
        return await _make(db, FILLING)


async def hold_filling(db: Db) -> None:
    """Wait until nobody else fills a version; this connection does from now on, until it is closed.

    Asks again and again: a statement that waits in the database would keep deleted rows visible.
    """
    while not await _lock_filling(db):  # noqa: ASYNC110  # another process lets go
        await asyncio.sleep(LOCK_RETRY_S)


@asynccontextmanager
async def nobody_fills(db: Db) -> AsyncIterator[bool]:
    """Whether no version is being filled; then nobody begins to meanwhile."""
    is_free = await _lock_filling(db)
    try:
        yield is_free
    finally:
        if is_free and not db.closed:
            await db.execute("SELECT pg_advisory_unlock(%s)", [FILL_LOCK])


async def drop_half_filled(dsn: str) -> None:
    """Remove versions whose filling has died: deletes do not reach them. Only while `nobody_fills`."""
    async with _administering(dsn) as db:
        for version in await _listed(db):
            if version.state == FILLING:
                await _drop(db, version)


async def listed(dsn: str) -> Sequence[Version]:
    """All versions, oldest first."""
    async with _administering(dsn) as db:
        return await _listed(db)


async def switch(dsn: str, number: int, *, back: bool = False) -> bool:
    """Make a version the current one; False when the current one has read further, unless it is to go back.

    While this holds the cursors, no fold can move them. Raises VersionUnknown.
    """
    async with _administering(dsn) as db:
        versions = await _listed(db)
        new = next((one for one in versions if one.number == number and one.state != CURRENT), None)
        old = next((one for one in versions if one.state == CURRENT), None)
        if new is None:
            raise VersionUnknown(f"there is no view version {number} to switch to")
        if old is not None:
            if await _is_behind(db, new, old) and not back:
                return False
            await _carry_over(db, new, old)
            await db.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO outdial_v{old.number}")
            await _set_state(db, old.number, KEPT)
        await db.execute(f"ALTER SCHEMA {new.schema} RENAME TO {SCHEMA}")
        await _set_state(db, number, CURRENT)
        return True


async def drop(dsn: str, number: int) -> None:
    """Remove a version that is not the current one. Raises VersionUnknown."""
    async with _administering(dsn) as db:
        for version in await _listed(db):
            if version.number == number and version.state != CURRENT:
                await _drop(db, version)
                return
    raise VersionUnknown(f"there is no view version {number} that could be dropped")


async def each_kept(db: Db) -> AsyncIterator[Version]:
    """The kept versions, one after the other; names mean its tables meanwhile. Inside a transaction."""
    found = await db.execute("SELECT current_setting('search_path') AS path")
    row = await found.fetchone()
    before = row["path"] if row else SCHEMA
    for version in await _listed(db):
        if version.state == KEPT:
            await db.execute("SELECT set_config('search_path', %s, true)", [version.schema])
            yield version
            await db.execute("SELECT set_config('search_path', %s, true)", [before])


async def filling_schemas(db: Db) -> Sequence[str]:
    """The schemas of versions that are being filled, or were when their filling died."""
    return [version.schema for version in await _listed(db) if version.state == FILLING]


async def listed_schemas(db: Db) -> Sequence[str]:
    """The schemas of all versions."""
    return [version.schema for version in await _listed(db)]


async def has_table(db: Db, schema: str, table: str) -> bool:
    """Whether a version has a table: a kept one of an older layout may lack it."""
    found = await db.execute("SELECT to_regclass(%s) IS NOT NULL AS has", [f"{schema}.{table}"])
    row = await found.fetchone()
    return bool(row and row["has"])


async def cursors_of(db: Db, schema: str, topic: str) -> Mapping[int, int]:
    """Where a version stands."""
    found = await db.execute(f"SELECT partition, next_offset FROM {schema}.cursors WHERE topic = %s", [topic])
    return {row["partition"]: row["next_offset"] for row in await found.fetchall()}


@asynccontextmanager
async def _administering(dsn: str) -> AsyncIterator[Db]:
    async with await connect(dsn) as db, db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        await db.execute(f"CREATE SCHEMA IF NOT EXISTS {META}")
        await db.execute(
            f"CREATE TABLE IF NOT EXISTS {META}.view_versions (number int PRIMARY KEY, state text NOT NULL,"
            " layout text NOT NULL, made_us bigint NOT NULL)"
        )
        yield db


async def _lock_filling(db: Db) -> bool:
    found = await db.execute("SELECT pg_try_advisory_lock(%s) AS free", [FILL_LOCK])
    row = await found.fetchone()
    return bool(row and row["free"])


async def _listed(db: Db) -> list[Version]:
    found = await db.execute(f"SELECT * FROM {META}.view_versions ORDER BY number")
    return [Version(**row) for row in await found.fetchall()]


async def _current(db: Db) -> Version | None:
    return next((one for one in await _listed(db) if one.state == CURRENT), None)


async def _make(db: Db, state: str) -> Version:
    numbers = [one.number for one in await _listed(db)]
    version = Version(max(numbers, default=0) + 1, state, layout(), time.time_ns() // 1000)
    await db.execute(f"CREATE SCHEMA {version.schema}")
    await db.execute(f"SET LOCAL search_path = {version.schema}")
    await db.execute(_ddl())
    await db.execute(f"SET LOCAL search_path = {SCHEMA}")
    await db.execute(
        f"INSERT INTO {META}.view_versions VALUES (%s, %s, %s, %s)",
        [version.number, version.state, version.layout, version.made_us],
    )
    return version


async def _drop(db: Db, version: Version) -> None:
    await db.execute(f"DROP SCHEMA IF EXISTS {version.schema} CASCADE")
    await db.execute(f"DELETE FROM {META}.view_versions WHERE number = %s", [version.number])


async def _drop_left_overs(db: Db) -> None:
    """Schemas that no version names hold personal data that nothing would ever erase."""
    known = {one.schema for one in await _listed(db)}
    found = await db.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^outdial_v(iews$|[0-9]+$)'")
    for row in await found.fetchall():
        if row["nspname"] not in known:
            await db.execute(f"DROP SCHEMA {row['nspname']} CASCADE")


async def _is_behind(db: Db, new: Version, old: Version) -> bool:
    found = await db.execute(
        f"""
        SELECT 1 FROM (SELECT * FROM {old.schema}.cursors FOR UPDATE) AS o
        LEFT JOIN {new.schema}.cursors AS n USING (topic, partition)
        WHERE o.topic = %s AND o.next_offset > coalesce(n.next_offset, 0)
        """,
        [EVENTS],
    )
    return await found.fetchone() is not None


async def _carry_over(db: Db, new: Version, old: Version) -> None:
    """Answers of commands are kept longer than their topic holds them: they are copied, not read again."""
    results = "(stream, command_id, decided_us, result)"
    await db.execute(
        f"INSERT INTO {new.schema}.command_results {results}"
        f" SELECT stream, command_id, decided_us, result FROM {old.schema}.command_results ON CONFLICT DO NOTHING"
    )
    await db.execute(
        f"INSERT INTO {new.schema}.cursors (topic, partition, next_offset)"
        f" SELECT topic, partition, next_offset FROM {old.schema}.cursors WHERE topic <> %s"
        " ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
        [EVENTS],
    )


async def _set_state(db: Db, number: int, state: str) -> None:
    await db.execute(f"UPDATE {META}.view_versions SET state = %s WHERE number = %s", [state, number])


def _ddl() -> str:
    return (resources.files("outdial.views") / "schema.sql").read_text(encoding="utf-8")
