"""A download's rows: one snapshot, read in batches through a server-side cursor, at flat memory."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from outdial.campaign.filter import Filter
from outdial.views.database import Row, connect_blocking
from outdial.views.queries import RECORD
from outdial.views.selecting import VISIBLE, condition

BATCH: Final = 2_000


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
    with ExitStack() as stack:
        connection = stack.enter_context(connect_blocking(dsn))
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        campaign = connection.execute("SELECT * FROM campaigns WHERE campaign = %s", [campaign_id]).fetchone()
        if campaign is None:
            raise CampaignUnknown(campaign_id)
        text, values = condition(filters, campaign["settings"]["time_zone"], "created")
        arguments = [campaign_id, *values]
        counted = connection.execute(f"SELECT count(*) AS total {VISIBLE} AND {text}", arguments).fetchone()
        query = f"{RECORD} {VISIBLE} AND {text} ORDER BY r.record"
        batches = _batches(stack.pop_all(), connection, query, arguments)
        return Snapshot(campaign, int(counted["total"]) if counted else 0, batches)


def _batches(
    stack: ExitStack, connection: psycopg.Connection[Row], query: str, arguments: list[Any]
) -> Iterator[list[Row]]:
    with stack, connection.cursor(name="download") as rows:
        rows.execute(query, arguments)
        while batch := rows.fetchmany(BATCH):
            yield batch
