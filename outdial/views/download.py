"""A download's rows: one snapshot, read in batches through a server-side cursor, at flat memory."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Self

import psycopg

from outdial.campaign.filter import Filter
from outdial.views.database import Row, connect_blocking
from outdial.views.queries import RECORD
from outdial.views.selecting import VISIBLE, condition

BATCH: Final = 2_000
TRIES: Final = 5


class CampaignUnknown(Exception):
    """The views do not know the campaign."""


@dataclass(slots=True)
class Snapshot:
    """The campaign and the number of matching records as of one moment; `batches` can be read once."""

    campaign: Row
    rows: int
    batches: Iterator[list[Row]]


def open_snapshot(dsn: str, campaign_id: str, filters: Sequence[Filter]) -> Snapshot:
    """Begin a repeatable-read transaction; it ends with the iteration, or when that is closed.

    Raises CampaignUnknown, psycopg.OperationalError. Blocking: call it in a thread.
    """
    for _ in range(TRIES):
        with ExitStack() as stack:
            connection = stack.enter_context(connect_blocking(dsn))
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            version = _view_version(connection)
            campaign = _campaign(connection, campaign_id)
            text, values = condition(filters, campaign["settings"]["time_zone"], "created")
            arguments = [campaign_id, *values]
            total = connection.execute(f"SELECT count(*) AS total {VISIBLE} AND {text}", arguments).fetchone()
            query = f"{RECORD} {VISIBLE} AND {text} ORDER BY r.record"
            rows = stack.enter_context(connection.cursor(name="download", binary=True))
            rows.execute(query, arguments)
            if _view_version(connection) == version:
                return Snapshot(
                    campaign, int(total["total"]) if total else 0, _Batches(stack.pop_all(), rows)
                )
    raise psycopg.OperationalError("the view version changes all the time")


def _view_version(connection: psycopg.Connection[Row]) -> int:
    """Which tables the names mean: a snapshot does not hold on to names, and would find a newer version empty."""
    row = connection.execute("SELECT to_regclass('campaigns')::oid::bigint AS version").fetchone()
    return int(row["version"] or 0) if row else 0


def _campaign(connection: psycopg.Connection[Row], campaign_id: str) -> Row:
    found = connection.execute("SELECT * FROM campaigns WHERE campaign = %s", [campaign_id]).fetchone()
    if found is None:
        raise CampaignUnknown(campaign_id)
    return found


class _Batches:
    """The rows, a batch at a time; the connection is given back at the end, at an error, and by `close`."""

    def __init__(self, stack: ExitStack, rows: psycopg.ServerCursor[Row]) -> None:
        self._stack, self._rows = stack, rows

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[Row]:
        try:
            batch = self._rows.fetchmany(BATCH)
        except BaseException:
            self.close()
            raise
        if not batch:
            self.close()
            raise StopIteration
        return batch

    def close(self) -> None:
        """End the transaction, however much was read."""
        self._stack.close()
