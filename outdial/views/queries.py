"""Questions to the views. Answers are plain rows; instants are microseconds UTC, 0 = never."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from psycopg import AsyncConnection

from outdial.campaign.filter import Filter
from outdial.donotcall.lists import PREFIX
from outdial.views.database import Row
from outdial.views.facets import FACETS as FACETS  # noqa: PLC0414  # a question like the others
from outdial.views.facets import facets as facets  # noqa: PLC0414
from outdial.views.selecting import ALL, VISIBLE, condition

Db = AsyncConnection[Row]
RECORD: Final = """
    SELECT r.record, r.phone, r.name, r.priority, r.expires_us, r.agent, r.skill, r.extra, s.status, s.reason,
           s.disposition, s.last_agent, s.attempts, s.last_attempt_us, s.next_attempt_us, s.pass_number,
           r.upload_id, r.created_us, s.updated_us, r.zone, s.is_open, s.is_awaiting, s.claims
"""


async def campaign(db: Db, campaign_id: str) -> Row | None:
    """One campaign, None when there is none."""
    found = await db.execute("SELECT * FROM campaigns WHERE campaign = %s", [campaign_id])
    return await found.fetchone()


async def campaigns(db: Db, after: str, limit: int) -> list[Row]:
    """Campaigns in the order of their ids."""
    found = await db.execute(
        "SELECT * FROM campaigns WHERE campaign > %s ORDER BY campaign LIMIT %s", [after, limit]
    )
    return await found.fetchall()


async def counts(db: Db, campaign_id: str) -> Row:
    """total, active, in_progress, awaiting, attempts, by_status and by_reason as counts of visible records.

    `erasing`: deleted records whose personal data is not gone from every holder yet.
    """
    found = await db.execute(
        """
        SELECT status, reason, sum(total)::bigint AS total, sum(claims)::bigint AS attempts,
               coalesce(sum(total) FILTER (WHERE is_open), 0)::bigint AS in_progress,
               coalesce(sum(total) FILTER (WHERE is_awaiting), 0)::bigint AS awaiting,
               coalesce(sum(total) FILTER (WHERE status = 'Pending' AND NOT is_open AND NOT is_awaiting), 0)::bigint
                   AS active
        FROM campaign_counts WHERE campaign = %s AND total <> 0 GROUP BY status, reason
        """,
        [campaign_id],
    )
    told: Row = dict.fromkeys(("total", "active", "in_progress", "awaiting", "attempts"), 0)
    by_status: Counter[str] = Counter()
    by_reason: Counter[str] = Counter()
    for row in await found.fetchall():
        for name in told:
            told[name] += row[name]
        by_status[row["status"]] += row["total"]
        by_reason[row["reason"]] += row["total"]
    found = await db.execute(
        "SELECT coalesce(sum(records), 0)::bigint AS records FROM erasures WHERE campaign = %s", [campaign_id]
    )
    erasing = await found.fetchone()
    told["erasing"] = erasing["records"] if erasing else 0
    return {**told, "by_status": dict(by_status), "by_reason": dict(by_reason)}


async def open_upload(db: Db, campaign_id: str) -> Row | None:
    """The upload that is open, if any."""
    found = await db.execute(
        "SELECT * FROM uploads WHERE campaign = %s AND state = 'checking' LIMIT 1", [campaign_id]
    )
    return await found.fetchone()


async def records(
    db: Db, campaign_id: str, chosen: tuple[str, list[Any]], after: int, limit: int
) -> list[Row]:
    """Visible records that match, in the order of their numbers, after one of them."""
    text, values = chosen
    found = await db.execute(
        f"{RECORD} {VISIBLE} AND {text} AND r.record > %s ORDER BY r.record LIMIT %s",
        [campaign_id, *values, after, limit],
    )
    return await found.fetchall()


async def count(db: Db, campaign_id: str, chosen: tuple[str, list[Any]]) -> int:
    """How many visible records match."""
    text, values = chosen
    if text == ALL:
        return int((await counts(db, campaign_id))["total"])
    found = await db.execute(f"SELECT count(*) AS total {VISIBLE} AND {text}", [campaign_id, *values])
    row = await found.fetchone()
    return int(row["total"]) if row else 0


async def record(db: Db, campaign_id: str, number: int) -> Row | None:
    """One visible record, None when there is none."""
    rows = await records(db, campaign_id, ("r.record = %s", [number]), number - 1, 1)
    return rows[0] if rows else None


async def attempts(db: Db, campaign_id: str, number: int) -> list[Row]:
    """The attempts of one record, oldest first."""
    found = await db.execute(
        "SELECT * FROM attempts WHERE campaign = %s AND record = %s ORDER BY attempt", [campaign_id, number]
    )
    return await found.fetchall()


async def record_ids(db: Db, campaign_id: str, phones: Sequence[str]) -> list[int]:
    """The numbers of visible records that have one of these phone numbers."""
    found = await db.execute(f"SELECT r.record {VISIBLE} AND r.phone = ANY(%s)", [campaign_id, list(phones)])
    return [row["record"] for row in await found.fetchall()]


async def uploads(db: Db, campaign_id: str) -> list[Row]:
    """Every upload, newest first."""
    found = await db.execute(
        "SELECT * FROM uploads WHERE campaign = %s ORDER BY begun_us DESC, upload_id", [campaign_id]
    )
    return await found.fetchall()


async def upload(db: Db, campaign_id: str, upload_id: str) -> Row | None:
    """One upload, None when there is none."""
    found = await db.execute(
        "SELECT * FROM uploads WHERE campaign = %s AND upload_id = %s", [campaign_id, upload_id]
    )
    return await found.fetchone()


async def rejected_rows(db: Db, campaign_id: str, upload_id: str, limit: int) -> list[Row]:
    """Rows that did not become records, in the order of the file."""
    found = await db.execute(
        "SELECT * FROM rejected_rows WHERE campaign = %s AND upload_id = %s ORDER BY row LIMIT %s",
        [campaign_id, upload_id, limit],
    )
    return await found.fetchall()


async def history(
    db: Db, campaign_id: str, chosen: tuple[str, list[Any]], after: int, limit: int
) -> list[Row]:
    """Events, oldest first, after a sequence; `chosen` is a condition on the table's columns."""
    text, values = chosen
    found = await db.execute(
        f"SELECT * FROM history WHERE campaign = %s AND sequence > %s AND {text} ORDER BY sequence LIMIT %s",
        [campaign_id, after, *values, limit],
    )
    return await found.fetchall()


async def command_result(db: Db, command_id: str, campaign_id: str | None) -> Row | None:
    """The answer of a command, None when it is not known."""
    found = await db.execute(
        "SELECT result FROM command_results WHERE command_id = %s AND (%s::text IS NULL OR stream = %s)"
        " ORDER BY decided_us DESC LIMIT 1",
        [command_id, campaign_id, campaign_id],
    )
    row = await found.fetchone()
    return row["result"] if row else None


async def sequence(db: Db, campaign_id: str) -> int:
    """The last event that the views show of a campaign or list; 0 when they do not know it."""
    found = await db.execute(
        "SELECT sequence FROM campaigns WHERE campaign = %s"
        " UNION ALL SELECT sequence FROM do_not_call_lists WHERE %s || list = %s",
        [campaign_id, PREFIX, campaign_id],
    )
    row = await found.fetchone()
    return int(row["sequence"]) if row else 0


async def last_delete(db: Db, campaign_id: str) -> int:
    """The sequence of the last delete of a campaign, 0 when nothing was ever deleted."""
    found = await db.execute(
        "SELECT sequence FROM history WHERE campaign = %s AND type = 'RecordsDeleted'"
        " ORDER BY sequence DESC LIMIT 1",
        [campaign_id],
    )
    row = await found.fetchone()
    return int(row["sequence"]) if row else 0


def chosen(
    filters: Sequence[Filter], zone: str, default_date_field: str = "created"
) -> tuple[str, list[Any]]:
    """A condition for `records`, `count` and `facets`."""
    return condition(filters, zone, default_date_field)
