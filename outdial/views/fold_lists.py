"""Folds do-not-call lists into the views: created, numbers added, removed, erased."""

from typing import Any, Final

from outdial.campaign.fold.checks import Unappliable
from outdial.donotcall import events as e
from outdial.donotcall.lists import list_of, stream_of
from outdial.donotcall.numbers import number_of
from outdial.eventlog.ports import IntegrityError
from outdial.views import erasures
from outdial.views.columns import ranges, storable
from outdial.views.database import Row
from outdial.views.erasures import Db
from outdial.views.facts import Fact
from outdial.views.versions import each_kept, has_table

_NUMBER_TYPES: Final = ("text", "int4", "int8", "text", "text", "int8")
_OFF: Final = """
    DELETE FROM {table} AS n USING unnest(%s::int[], %s::int[]) AS r (low, high)
    WHERE n.{owner} = %s AND n.{number} BETWEEN r.low AND r.high
"""
_NUMBERS_OFF: Final = _OFF.format(table="do_not_call_numbers", owner="list", number="entry")
_MISSING_OFF: Final = _OFF.format(table="missing_persons", owner="campaign", number="record")


async def take(db: Db, fact: Fact) -> None:
    """One event of a list. Raises IntegrityError at a gap, Unappliable for what no history of ours holds."""
    list_id, event = list_of(fact.campaign), fact.event
    row = await _row(db, list_id)
    expected = 1 if row is None else int(row["sequence"]) + 1
    if fact.sequence != expected:
        where = f"events/{fact.partition}@{fact.offset}"
        raise IntegrityError(f"{where}: {fact.campaign} has {fact.sequence}, {expected} follows")
    if isinstance(event, e.DoNotCallListCreated) != (row is None):
        raise Unappliable(f"{type(event).__name__} at sequence {fact.sequence}")
    await db.execute(
        """
        INSERT INTO do_not_call_lists VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (list) DO UPDATE SET sequence = excluded.sequence, updated_us = excluded.updated_us,
            numbers = do_not_call_lists.numbers + excluded.numbers
        """,
        [list_id, fact.partition, _name(event), fact.sequence, _grows_by(event), fact.at_us, fact.at_us],
    )
    await _take(db, list_id, fact, event)


async def _row(db: Db, list_id: str) -> Row | None:
    found = await db.execute("SELECT sequence FROM do_not_call_lists WHERE list = %s", [list_id])
    return await found.fetchone()


def _name(event: Any) -> str:
    return storable(event.name) if isinstance(event, e.DoNotCallListCreated) else ""


def _grows_by(event: Any) -> int:
    if isinstance(event, e.NumbersAdded):
        return len(event.block_row)
    return -event.affected if isinstance(event, e.NumbersRemoved) else 0


async def _take(db: Db, list_id: str, fact: Fact, event: Any) -> None:
    match event:
        case e.NumbersAdded():
            await _added(db, list_id, fact, event)
        case e.NumbersRemoved():
            await erasures.begun(db, fact, event.command_id, event.affected)
            await _removed(db, list_id, event)
        case e.ErasureConfirmed():
            await erasures.confirmed(db, fact.campaign, event)
        case e.NumbersErased():
            await erasures.done(db, fact.campaign, event.erasure_id)


async def _added(db: Db, list_id: str, fact: Fact, event: e.NumbersAdded) -> None:
    """A row that was taken out already is left out: the removal follows, or the views are parked."""
    block = fact.block
    if block is not None:
        told = (storable(event.source), event.attempt_id, fact.at_us)
        async with (
            db.cursor() as cursor,
            cursor.copy("COPY do_not_call_numbers FROM STDIN (FORMAT BINARY)") as copying,
        ):
            copying.set_types(_NUMBER_TYPES)
            for entry, row in enumerate(event.block_row, event.first_entry):
                if (place := block.place(row)) is not None:
                    await copying.write_row((list_id, entry, number_of(block.phone[place]), *told))
    if fact.missing:
        await db.execute(
            "INSERT INTO missing_persons SELECT %s, r, %s, %s FROM unnest(%s::int[]) AS r",
            [fact.campaign, fact.partition, fact.known_until, list(fact.missing)],
        )


async def _removed(db: Db, list_id: str, event: e.NumbersRemoved) -> None:
    """From this version and from those that are kept: gone means gone."""
    chosen = ranges(event.entries)
    await db.execute(_NUMBERS_OFF, [*chosen, list_id])
    await db.execute(_MISSING_OFF, [*chosen, stream_of(list_id)])
    async for version in each_kept(db):
        if await has_table(db, version.schema, "do_not_call_numbers"):
            await db.execute(_NUMBERS_OFF, [*chosen, list_id])
