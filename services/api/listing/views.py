"""What the routes ask of the do-not-call lists in the views."""

from collections.abc import Collection, Sequence
from typing import Any

from outdial.donotcall.lists import stream_of
from outdial.donotcall.numbers import number_of, phone_of
from outdial.views import do_not_call
from outdial.views.database import Row
from services.api.connections import Connections
from services.api.models.form import rfc3339
from services.api.ports import Json, Paging
from services.api.problems import Problem


class ListViews:
    """Each question borrows a connection. Raises Problem `list-unknown`, `database-unavailable`."""

    def __init__(self, dsn: str) -> None:
        self._connections = Connections(dsn)

    async def stop(self) -> None:
        """Close the connections."""
        await self._connections.close()

    async def lists(self) -> Sequence[Json]:
        """Every list."""
        async with self._connections.lent() as db:
            return [_shown(row) for row in await do_not_call.lists(db)]

    async def one(self, list_id: str) -> Json:
        """One list."""
        async with self._connections.lent() as db:
            row = await do_not_call.one_list(db, list_id)
        if row is None:
            raise Problem("list-unknown", list=list_id)
        return _shown(row)

    async def numbers(self, list_id: str, paging: Paging) -> Json:
        """What is on a list, page by page in the order in which it came."""
        await self.one(list_id)
        cursor = paging.cursor or "0"
        after = int(cursor) if cursor.isdecimal() and len(cursor) < 10 else 0
        async with self._connections.lent() as db:
            rows = await do_not_call.numbers(db, list_id, after, paging.limit)
        last = str(rows[-1]["entry"]) if len(rows) == paging.limit else None
        return {"items": [_entry(row) for row in rows], "next_cursor": last}

    async def found(self, phones: Sequence[str], list_id: str | None = None) -> Sequence[Json]:
        """Where these numbers stand, on one list or on all."""
        async with self._connections.lent() as db:
            rows = await do_not_call.entries(db, [number_of(phone) for phone in phones], list_id)
        return [_entry(row) for row in rows]

    async def listed(self, phones: Sequence[str]) -> Collection[str]:
        """Those of the E.164 numbers that are on any list."""
        async with self._connections.lent() as db:
            found = await do_not_call.listed(db, [number_of(phone) for phone in phones])
        return frozenset(map(phone_of, found))


def _shown(row: Row) -> dict[str, Any]:
    return {
        "list_id": row["list"],
        "name": row["name"],
        "numbers": row["numbers"],
        "version": row["sequence"],
        "log_position": f"{stream_of(row['list'])}@{row['sequence']}",
        "created_at": rfc3339(row["created_us"]),
        "updated_at": rfc3339(row["updated_us"]),
    }


def _entry(row: Row) -> dict[str, Any]:
    return {
        "list_id": row["list"],
        "entry": row["entry"],
        "number": phone_of(row["number"]),
        "source": row["source"] or None,
        "attempt_id": row["attempt_id"] or None,
        "added_at": rfc3339(row["added_us"]),
    }
