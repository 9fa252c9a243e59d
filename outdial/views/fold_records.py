"""Folds what is said of records into the views: added, reset, forced, deleted, undone, excluded."""

import json
from typing import Any, Final

from psycopg import AsyncConnection

from outdial.campaign.events import (
    CampaignForceCompleted,
    CampaignReset,
    CommandUndone,
    RecordsAdded,
    RecordsDeleted,
    RecordsExcluded,
)
from outdial.messages.persons import PersonsBlock
from outdial.views.columns import filled, numbers
from outdial.views.database import Row

Db = AsyncConnection[Row]
# what an undo brings back
PREVIOUS: Final = (
    "jsonb_build_array(status, reason, disposition, attempts, pass_number, next_attempt_us, is_awaiting)"
)


async def added(
    db: Db, campaign: str, event: RecordsAdded, block: PersonsBlock | None, created_us: int
) -> None:
    """The chunk's rows as records of an upload that is still open. A row that is erased already is left out."""
    count = len(event.row)
    places = filled(event.block_row, count, 0) if event.block_row else list(range(count))
    columns = {
        "priority": filled(event.priority, count, 1),
        "expires_us": filled(event.expires_us, count, 0),
        "agent": filled(event.agent, count, ""),
        "skill": filled(event.skill, count, ""),
        "zone": filled(event.zone, count, ""),
    }
    kept: list[tuple[Any, ...]] = []
    for at in range(count):
        place = block.place(places[at]) if block else None
        if block is None or place is None:
            continue
        extra = json.dumps(dict(block.extra_of(place)), ensure_ascii=False)
        person = (block.phone[place], block.name[place], extra)
        kept.append(
            (event.first_record + at, event.row[at], *(column[at] for column in columns.values()), *person)
        )
    if not kept:
        return
    await db.execute(
        """
        INSERT INTO records
        SELECT %s, r.record, %s, r.row, r.phone, r.name, r.priority, r.expires_us, r.agent, r.skill, r.zone,
               r.extra, %s
        FROM unnest(%s::int[], %s::int[], %s::smallint[], %s::bigint[], %s::text[], %s::text[], %s::text[],
                    %s::text[], %s::text[], %s::jsonb[])
             AS r (record, row, priority, expires_us, agent, skill, zone, phone, name, extra)
        """,
        [campaign, event.upload_id, created_us, *(list(column) for column in zip(*kept, strict=True))],
    )
    await db.execute(
        "INSERT INTO record_states (campaign, record, updated_us) SELECT %s, r, %s FROM unnest(%s::int[]) AS r",
        [campaign, created_us, [row[0] for row in kept]],
    )


async def rejected(db: Db, campaign: str, event: RecordsAdded) -> None:
    """The chunk's rows that did not become records, with their codes."""
    rows = list(zip(event.invalid_row, event.invalid_code, event.invalid_column, strict=True))
    places = range(len(rows))
    await db.execute(
        """
        INSERT INTO rejected_rows
        SELECT %s, %s, r.row, r.column_name, r.code, %s, %s, r.place
        FROM unnest(%s::int[], %s::text[], %s::text[], %s::int[]) AS r (row, code, column_name, place)
        ON CONFLICT DO NOTHING
        """,
        [
            campaign,
            event.upload_id,
            event.invalid_block_id,
            event.invalid_block_offset,
            [row for row, _, _ in rows],
            [code for _, code, _ in rows],
            [column for _, _, column in rows],
            list(places),
        ],
    )


async def reset(db: Db, campaign: str, event: CampaignReset, at_us: int) -> None:
    """As if never dialled, in a new pass; the former values are kept for an undo."""
    await db.execute(
        f"""
        UPDATE record_states SET previous = {PREVIOUS}, status = 'Pending', reason = '', disposition = '',
               attempts = 0, next_attempt_us = 0, is_awaiting = false, pass_number = pass_number + 1,
               updated_us = %s
        WHERE campaign = %s AND record = ANY(%s::int[])
        """,
        [at_us, campaign, numbers(event.records)],
    )


async def force_completed(db: Db, campaign: str, event: CampaignForceCompleted, at_us: int) -> None:
    """The records that still were to be dialled are Complete."""
    await db.execute(
        f"""
        UPDATE record_states SET previous = {PREVIOUS}, status = 'Complete', reason = 'ForceCompleted',
               next_attempt_us = 0, updated_us = %s
        WHERE campaign = %s AND record = ANY(%s::int[])
        """,
        [at_us, campaign, numbers(event.records)],
    )


async def undone(db: Db, campaign: str, event: CommandUndone, at_us: int) -> None:
    """What the reset or force complete had overwritten, or what the delete had hidden, is back."""
    chosen = numbers(event.records)
    if event.command_type == "DeleteRecords" or event.command_type.endswith("WithdrawUpload"):
        await db.execute(
            "UPDATE records SET deleted_by = NULL WHERE campaign = %s AND deleted_by = %s",
            [campaign, event.command_id],
        )
        await _touch(db, campaign, chosen, at_us)
        return
    await db.execute(
        """
        UPDATE record_states SET status = previous ->> 0, reason = previous ->> 1, disposition = previous ->> 2,
               attempts = (previous ->> 3)::int, pass_number = (previous ->> 4)::int,
               next_attempt_us = (previous ->> 5)::bigint, is_awaiting = (previous ->> 6)::boolean,
               previous = NULL, updated_us = %s
        WHERE campaign = %s AND record = ANY(%s::int[]) AND previous IS NOT NULL
        """,
        [at_us, campaign, chosen],
    )


async def deleted(db: Db, campaign: str, event: RecordsDeleted, at_us: int) -> None:
    """Gone at once; within a grace time hidden."""
    chosen = numbers(event.records)
    if event.recoverable_until_us:
        await db.execute(
            "UPDATE records SET deleted_by = %s WHERE campaign = %s AND record = ANY(%s::int[])",
            [event.command_id, campaign, chosen],
        )
        await _touch(db, campaign, chosen, at_us)
    else:
        await erase(db, campaign, chosen)
    if event.upload_id:
        await db.execute(
            "UPDATE uploads SET state = 'withdrawn', ended_us = %s WHERE campaign = %s AND upload_id = %s",
            [at_us, campaign, event.upload_id],
        )


async def erase(db: Db, campaign: str, chosen: list[int]) -> None:
    """Remove every row of these records."""
    for table in ("attempts", "record_states", "records"):
        await db.execute(
            f"DELETE FROM {table} WHERE campaign = %s AND record = ANY(%s::int[])",
            [campaign, chosen],
        )


async def excluded(db: Db, campaign: str, event: RecordsExcluded, at_us: int) -> None:
    """Final, each with its reason."""
    await db.execute(
        """
        UPDATE record_states AS s
        SET status = CASE r.reason WHEN 'ForceCompleted' THEN 'Complete' ELSE 'Fail' END, reason = r.reason,
            next_attempt_us = 0, updated_us = %s, previous = NULL
        FROM unnest(%s::int[], %s::text[]) AS r (record, reason)
        WHERE s.campaign = %s AND s.record = r.record
        """,
        [at_us, list(event.record), list(event.reason), campaign],
    )


async def _touch(db: Db, campaign: str, chosen: list[int], at_us: int) -> None:
    await db.execute(
        "UPDATE record_states SET updated_us = %s WHERE campaign = %s AND record = ANY(%s::int[])",
        [at_us, campaign, chosen],
    )
