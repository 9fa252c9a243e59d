"""Takes the indexes off the big tables of a version that is filled, and puts them back as they were."""

from typing import Final

from psycopg import AsyncConnection

from outdial.views.database import Row

Db = AsyncConnection[Row]
TABLES: Final = ("records", "record_states", "attempts", "history")
_KEYS: Final = """
    SELECT conname AS name, pg_get_constraintdef(oid) AS made FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'p'
"""
_OTHERS: Final = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
    WHERE indrelid = %s::regclass AND NOT indisprimary
"""


class Indexes:
    """An index is made when a statement first needs it, or at the end: filling a table without is twice as fast."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._off: dict[str, list[str]] = {}

    async def take_off(self) -> None:
        """From the tables that names mean now."""
        for table in TABLES:
            keys = await (await self._db.execute(_KEYS, [table])).fetchall()
            others = await (await self._db.execute(_OTHERS, [table])).fetchall()
            self._off[table] = [
                f"ALTER TABLE {table} ADD CONSTRAINT {key['name']} {key['made']}" for key in keys
            ]
            self._off[table] += [index["made"].replace(" ON ONLY ", " ON ") for index in others]
            for key in keys:
                await self._db.execute(f"ALTER TABLE {table} DROP CONSTRAINT {key['name']}")
            for index in others:
                await self._db.execute(f"DROP INDEX {index['name']}")

    async def need(self, table: str) -> None:
        """Have those of a table."""
        for statement in self._off.pop(table, ()):
            await self._db.execute(statement)

    async def put_back(self) -> None:
        """All that are still off."""
        for table in list(self._off):
            await self.need(table)
