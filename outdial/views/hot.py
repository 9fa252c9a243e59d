"""Rows of one table during one transaction: read together, changed in memory, written back together.

Facts come one to five hundred records at a time, and mostly one: a statement per event would spend its time on
round trips. So a batch of events reads the rows it touches once and writes what changed once, by COPY.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from psycopg import AsyncConnection
from psycopg.rows import args_row

from outdial.views.database import Row
from outdial.views.rows import AttemptRow, CampaignRow, StateRow, UploadRow

R = TypeVar("R")
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Shape(Generic[R]):
    """A table: its row, PostgreSQL types of the columns in their order, and how many of them are the key.

    `also` is set with every change.
    """

    table: str
    row: type[R]
    types: Sequence[str]
    keys: int
    also: str = ""

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return [one.name for one in fields(self.row)]  # type: ignore[arg-type]  # rows are dataclasses


CAMPAIGNS: Final = Shape(
    "campaigns", CampaignRow, ("text", "int4", "text", *["int8"] * 4, "jsonb", "jsonb"), 1
)
UPLOADS: Final = Shape(
    "uploads",
    UploadRow,
    (
        *("text", "text", "text", "bool", "int4", "int4", *["int8"] * 4, "text", "text", "int8", "int8"),
        *("text", "bytea", "int8", "text", "text", "text[]", "text[]", "text"),
    ),
    2,
)
STATES: Final = Shape(
    "record_states",
    StateRow,
    ("text", *["int4"] * 5, *["int8"] * 3, "bool", "bool", *["text"] * 5),
    2,
    ", previous_status = NULL, previous_reason = NULL, previous_disposition = NULL, previous_attempts = NULL,"
    " previous_pass = NULL, previous_next_us = NULL, previous_awaiting = NULL",
)
ATTEMPTS: Final = Shape(
    "attempts", AttemptRow, ("text", *["int4"] * 3, *["int8"] * 6, "int4", "int4", *["text"] * 4, "jsonb"), 3
)


class HotRows(Generic[R]):
    """The rows of one shape that a batch works on. `watch` hears of each row before its first change."""

    def __init__(
        self, db: AsyncConnection[Row], shape: Shape[R], watch: Callable[[R], None] | None = None
    ) -> None:
        self._db, self._shape, self._watch = db, shape, watch
        self._values: Callable[[R], Key] = attrgetter(*shape.columns)
        self._known: dict[Key, R | None] = {}
        self._new: dict[Key, R] = {}
        self._changed: dict[Key, R] = {}

    def _key(self, row: R) -> Key:
        return self._values(row)[: self._shape.keys]

    async def load(self, keys: Iterable[Key]) -> None:
        """Read those that are not known yet; what the table does not have is known as missing."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self._known]
        if not wanted:
            return
        shape, names = self._shape, self._shape.columns[: self._shape.keys]
        arrays = ", ".join(f"%s::{kind}[]" for kind in shape.types[: shape.keys])
        columns = ", ".join(f"t.{name}" for name in shape.columns)
        same = " AND ".join(f"t.{name} = k.{name}" for name in names)
        query = f"SELECT {columns} FROM unnest({arrays}) AS k ({', '.join(names)}) JOIN {shape.table} AS t ON {same}"
        self._known.update(dict.fromkeys(wanted))
        async with self._db.cursor(binary=True, row_factory=args_row(shape.row)) as cursor:
            await cursor.execute(query, [list(column) for column in zip(*wanted, strict=True)])
            for row in await cursor.fetchall():
                self._known[self._key(row)] = row

    async def reload(self, keys: Sequence[Key]) -> None:
        """Read rows that a statement has just written."""
        for key in keys:
            self._known.pop(key, None)
        await self.load(keys)

    def find(self, *key: Any) -> R | None:
        """A row that was loaded or added, to look at."""
        return self._known.get(key)

    def change(self, *key: Any) -> R | None:
        """A row to change; None when there is none, as of a record that is deleted."""
        row = self._known.get(key)
        if row is None or key in self._new or key in self._changed:
            return row
        self._changed[key] = row
        if self._watch is not None:
            self._watch(row)
        return row

    def add(self, row: R) -> None:
        """A new row."""
        key = self._key(row)
        self._known[key] = self._new[key] = row

    def changed(self) -> Iterable[R]:
        """The rows that `flush` will update."""
        return self._changed.values()

    async def flush(self) -> None:
        """Write what is new and what changed."""
        if self._new:
            await self.copy(self._shape.table, self._new.values())
            self._new.clear()
        if self._changed:
            await self._update()
            self._changed.clear()

    async def forget(self) -> None:
        """Write, and know nothing any more: statements over sets change the rows next."""
        await self.flush()
        self._known.clear()

    async def copy(self, table: str, rows: Iterable[R]) -> None:
        """COPY rows in binary form: a tenth of the time that arrays of parameters take."""
        columns = ", ".join(self._shape.columns)
        async with (
            self._db.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)") as copying,
        ):
            copying.set_types(self._shape.types)
            for row in rows:
                await copying.write_row(self._values(row))

    async def _update(self) -> None:
        shape, staging = self._shape, f"changed_{self._shape.table}"
        keys, values = shape.columns[: shape.keys], shape.columns[shape.keys :]
        await self._db.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {staging} ON COMMIT DELETE ROWS AS"
            f" SELECT {', '.join(shape.columns)} FROM {shape.table} WITH NO DATA"
        )
        await self.copy(staging, sorted(self._changed.values(), key=self._key))
        sets = ", ".join(f"{name} = c.{name}" for name in values)
        same = " AND ".join(f"t.{name} = c.{name}" for name in keys)
        await self._db.execute(
            f"UPDATE {shape.table} AS t SET {sets}{shape.also} FROM {staging} AS c WHERE {same}"
        )
        await self._db.execute(f"DELETE FROM {staging}")
