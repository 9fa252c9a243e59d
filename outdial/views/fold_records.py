"""Folds what is said of records into the views: added, reset, forced, deleted, undone, excluded.

What touches a set is one statement over its runs of numbers; its records leave the counts before and enter after.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from outdial.campaign.events import (
    CampaignForceCompleted,
    CampaignReset,
    CommandUndone,
    RecordsAdded,
    RecordsDeleted,
    RecordsExcluded,
)
from outdial.campaign.vocabulary import FORCE_COMPLETED
from outdial.views.batch import Batch, Db
from outdial.views.columns import Ranges, ranges, storable
from outdial.views.facts import Fact
from outdial.views.new_records import new_records
from outdial.views.tallies import count_set
from outdial.views.versions import each_kept

MAX_PASS: Final = 65_535  # the record book's
# The records of a set; joined, because a list of numbers would be compared one by one.
OF_SET: Final = "FROM unnest(%s::int[], %s::int[]) AS r (low, high)"
IN_SET: Final = "s.campaign = %s AND s.record BETWEEN r.low AND r.high"
KEEP: Final = """
    previous_status = s.status, previous_reason = s.reason, previous_disposition = s.disposition,
    previous_attempts = s.attempts, previous_pass = s.pass_number, previous_next_us = s.next_attempt_us,
    previous_awaiting = s.is_awaiting
"""
FORGET: Final = """
    previous_status = NULL, previous_reason = NULL, previous_disposition = NULL, previous_attempts = NULL,
    previous_pass = NULL, previous_next_us = NULL, previous_awaiting = NULL
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the records of a set: SQL for SET, and for those of them it holds for."""

    sets: str
    only: str = "true"


def added(batch: Batch, fact: Fact, event: RecordsAdded, created_us: int) -> None:
    """The chunk's rows as records of an upload that is still open. A row that is erased already is left out."""
    if fact.block is None:
        return
    batch.add_records(new_records(fact.campaign, event, fact.block, created_us))


async def rejected(batch: Batch, campaign: str, event: RecordsAdded) -> None:
    """The chunk's rows that did not become records, with their codes."""
    rows = zip(event.invalid_row, event.invalid_column, event.invalid_code, strict=True)
    block = (event.invalid_block_id, event.invalid_block_offset)
    async with (
        batch.db.cursor() as cursor,
        cursor.copy("COPY rejected_rows FROM STDIN (FORMAT BINARY)") as copying,
    ):
        copying.set_types(("text", "text", "int4", "text", "text", "text", "int8", "int4"))
        for place, (row, column, code) in enumerate(rows):
            await copying.write_row((campaign, event.upload_id, row, storable(column), code, *block, place))


def excluded(batch: Batch, campaign: str, event: RecordsExcluded, at_us: int) -> None:
    """Final, each with its reason."""
    for record, reason in zip(event.record, event.reason, strict=True):
        if state := batch.states.change(campaign, record):
            state.status = "Complete" if reason == FORCE_COMPLETED else "Fail"
            state.reason, state.next_attempt_us, state.updated_us = reason, 0, at_us


async def reset(batch: Batch, campaign: str, event: CampaignReset, at_us: int) -> None:
    """As if never dialled, in a new pass; the former values are kept for an undo."""
    sets = f"""{KEEP}, status = 'Pending', reason = '', disposition = '', attempts = 0, next_attempt_us = 0,
        is_awaiting = false, pass_number = least(s.pass_number + 1, {MAX_PASS})"""
    await _update(batch, campaign, ranges(event.records), Change(sets), at_us)


async def force_completed(batch: Batch, campaign: str, event: CampaignForceCompleted, at_us: int) -> None:
    """The records that still were to be dialled are Complete."""
    sets = f"{KEEP}, status = 'Complete', reason = '{FORCE_COMPLETED}', next_attempt_us = 0"
    await _update(batch, campaign, ranges(event.records), Change(sets), at_us)


async def deleted(batch: Batch, fact: Fact, event: RecordsDeleted) -> None:
    """Gone at once, from every view version; within a grace time hidden."""
    campaign, chosen = fact.campaign, ranges(event.records)
    if not event.recoverable_until_us:
        await batch.settle()
        await erase_everywhere(batch.db, campaign, chosen, fact.at_us)
        return
    async with _counted(batch, campaign, chosen):
        await _hide(batch.db, campaign, chosen, (event.command_id, fact.at_us))
    await _delete_from(batch.db, "missing_persons", campaign, chosen)
    await batch.db.execute(
        "INSERT INTO hidden_deletes VALUES (%s, %s, %s, %s, %s, %s)",
        [
            campaign,
            event.command_id,
            fact.partition,
            event.recoverable_until_us,
            event.upload_id,
            event.records,
        ],
    )


async def undeleted(batch: Batch, campaign: str, event: CommandUndone, at_us: int) -> None:
    """What the delete had hidden is back."""
    chosen = ranges(event.records)
    async with _counted(batch, campaign, chosen):
        await _hide(batch.db, campaign, chosen, (None, at_us))
    gone = await batch.db.execute(
        "DELETE FROM hidden_deletes WHERE campaign = %s AND command_id = %s RETURNING upload_id",
        [campaign, event.command_id],
    )
    for row in await gone.fetchall():
        await batch.uploads.load([(campaign, row["upload_id"])])
        if upload := batch.uploads.change(campaign, row["upload_id"]):
            upload.state, upload.ended_us = "committed", at_us


async def restored(batch: Batch, campaign: str, event: CommandUndone, at_us: int) -> None:
    """What the reset or force complete had overwritten is back."""
    sets = f"""status = s.previous_status, reason = s.previous_reason, disposition = s.previous_disposition,
        attempts = s.previous_attempts, pass_number = s.previous_pass, next_attempt_us = s.previous_next_us,
        is_awaiting = s.previous_awaiting, {FORGET}"""
    await _update(
        batch, campaign, ranges(event.records), Change(sets, "s.previous_status IS NOT NULL"), at_us
    )


async def erase_everywhere(db: Db, campaign: str, chosen: Ranges, decided_us: int) -> None:
    """Remove the records from this version and from those that are kept: gone means gone.

    Rows that uploads had refused until then go too: who they are is not known.
    """
    await _erase(db, campaign, chosen, decided_us)
    async for _ in each_kept(db):
        await _erase(db, campaign, chosen, decided_us)


async def void_everywhere(db: Db, campaign: str, chosen: Ranges, at_us: int) -> None:
    """Remove records that nobody has seen, from this version and from those that are kept."""
    await _remove(db, campaign, chosen, at_us)
    async for _ in each_kept(db):
        await _remove(db, campaign, chosen, at_us)


async def _erase(db: Db, campaign: str, chosen: Ranges, decided_us: int) -> None:
    await count_set(db, campaign, chosen, -1)
    await _remove(db, campaign, chosen, 0)
    await db.execute(
        """
        DELETE FROM rejected_rows AS r USING uploads AS u
        WHERE r.campaign = %s AND u.campaign = r.campaign AND u.upload_id = r.upload_id AND u.begun_us <= %s
        """,
        [campaign, decided_us],
    )


async def _remove(db: Db, campaign: str, chosen: Ranges, at_us: int) -> None:
    """Remove every row of these records; the tables have to be written anew some time after `at_us`."""
    for table in ("attempts", "record_states", "records", "missing_persons"):
        await _delete_from(db, table, campaign, chosen)
    await db.execute(
        "INSERT INTO dead_rows AS d VALUES (%s, %s, 1) ON CONFLICT (campaign)"
        " DO UPDATE SET deletes = d.deletes + 1, since_us = least(d.since_us, excluded.since_us)",
        [campaign, at_us],
    )


async def _delete_from(db: Db, table: str, campaign: str, chosen: Ranges) -> None:
    await db.execute(
        f"DELETE FROM {table} AS s USING unnest(%s::int[], %s::int[]) AS r (low, high) WHERE {IN_SET}",
        [*chosen, campaign],
    )


async def _hide(db: Db, campaign: str, chosen: Ranges, by: tuple[str | None, int]) -> None:
    await db.execute(
        f"UPDATE record_states AS s SET deleted_by = %s, updated_us = %s {OF_SET} WHERE {IN_SET}",
        [*by, *chosen, campaign],
    )


async def _update(batch: Batch, campaign: str, chosen: Ranges, change: Change, at_us: int) -> None:
    """One statement over a set of records, with the counts moved."""
    async with _counted(batch, campaign, chosen):
        await batch.db.execute(
            f"UPDATE record_states AS s SET {change.sets}, updated_us = %s {OF_SET} WHERE {IN_SET} AND {change.only}",
            [at_us, *chosen, campaign],
        )


@asynccontextmanager
async def _counted(batch: Batch, campaign: str, chosen: Ranges) -> AsyncIterator[None]:
    await batch.settle()
    await count_set(batch.db, campaign, chosen, -1)
    yield
    await count_set(batch.db, campaign, chosen, 1)
