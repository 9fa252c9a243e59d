"""Folds a batch of one partition's events into the views, rows and cursor in one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection

from outdial.campaign import events as e
from outdial.campaign import record_sets
from outdial.campaign.evolve import ADMINISTRATIVE, Unappliable
from outdial.donotcall.lists import is_list
from outdial.eventlog.ports import IntegrityError, LogRecord
from outdial.views import (
    cursor,
    erasures,
    fold_attempts,
    fold_campaigns,
    fold_lists,
    fold_records,
    fold_uploads,
    history,
    parking,
)
from outdial.views.batch import Batch
from outdial.views.database import CHANNEL, Row
from outdial.views.facts import Fact
from outdial.views.reading import FactReader

log = logging.getLogger(__name__)
# An event that no rule of ours makes, or a value that no column takes: its campaign is parked, the others go on.
POISON: Final = (Unappliable, psycopg.DataError, psycopg.IntegrityError)
MOST_ROWS: Final = 5_000  # of a transaction: a fetch may hold far more in upload chunks than memory should
Db = AsyncConnection[Row]


@dataclass(frozen=True, slots=True)
class Folded:
    """What came of a batch: where the cursor stands, how many events were new, campaigns parked by it."""

    next_offset: int
    events: int
    parked: Sequence[str] = ()


class Folding:
    """The fold on one connection, which works on one batch at a time."""

    def __init__(self, db: Db, reader: FactReader) -> None:
        self._db, self._reader = db, reader

    async def apply(self, partition: int, records: Sequence[LogRecord], after: int = 0) -> Folded:
        """Take one batch in, of which everything before `after` is known to be in.

        Events below the cursor are passed over. Raises IntegrityError at a gap or a fork of a campaign,
        CursorMoved when the cursor is below `after`: the views were switched to a version that is further back.
        """
        events, parked = 0, list[str]()
        facts: list[Fact] = []
        weight = 0
        for place, record in enumerate(records):
            facts.append(await self._reader.read(record))
            weight += _rows_of(facts[-1])
            if weight >= MOST_ROWS or place == len(records) - 1:
                done = await self._apply_or_park(partition, facts, after)
                events, parked, after = events + done.events, [*parked, *done.parked], done.next_offset
                facts, weight = [], 0
        return Folded(after, events, parked)

    async def _apply_or_park(self, partition: int, facts: Sequence[Fact], after: int) -> Folded:
        try:
            return await self._apply(partition, facts, after)
        except POISON as error:
            log.warning("a batch cannot be taken in, going event by event", extra={"error": str(error)})
        return await self._one_by_one(partition, facts, after)

    async def _one_by_one(self, partition: int, facts: Sequence[Fact], after: int) -> Folded:
        """Find the event that no view can take, and park its campaign."""
        events = 0
        parked: list[str] = []
        for fact in facts:
            try:
                done = await self._apply(partition, [fact], after)
            except POISON as error:
                told = f"{type(error).__name__}: {error}"
                done = await self._apply(partition, [replace(fact, problem=told)], after)
            events += done.events
            parked += done.parked
            after = done.next_offset
        return Folded(after, events, parked)

    async def _apply(self, partition: int, facts: Sequence[Fact], after: int) -> Folded:
        async with self._db.transaction():
            before = await cursor.lock(self._db, cursor.EVENTS, partition)
            if before < after:
                raise cursor.CursorMoved(cursor.EVENTS, partition, before)
            new = _rising(facts, before)
            if not new:
                return Folded(before, 0)
            end = new[-1].offset + 1
            parked = await self._fold(new)
            parked += await parking.park_missing(self._db, partition, end)
            await cursor.move(self._db, cursor.EVENTS, partition, before, end)
        return Folded(end, len(new), parked)

    async def _fold(self, facts: Sequence[Fact]) -> list[str]:
        parked, problems = await parking.parked(self._db), []
        batch = self._batch_of(facts)
        await batch.open()
        told: list[Fact] = []
        for place, fact in enumerate(facts):
            if fact.campaign in parked:
                continue
            if fact.problem:
                parked.add(fact.campaign)
                problems.append(fact)
                continue
            if is_list(fact.campaign):
                await fold_lists.take(self._db, fact)
            else:
                await self._one(batch, place, fact)
            told.append(fact)
        await batch.close()
        await history.write(self._db, told)
        for fact in problems:
            await parking.park(self._db, fact, fact.problem)
        await self._notify({fact.campaign: fact.sequence for fact in told})
        return [fact.campaign for fact in problems]

    def _batch_of(self, facts: Sequence[Fact]) -> Batch:
        return Batch(self._db, facts)

    async def _one(self, batch: Batch, place: int, fact: Fact) -> None:
        campaign = batch.campaigns.change(fact.campaign)
        expected = 1 if campaign is None else campaign.sequence + 1
        if fact.sequence != expected:
            raise IntegrityError(
                f"events/{fact.partition}@{fact.offset}: {fact.campaign} has {fact.sequence}, {expected} follows"
            )
        if isinstance(fact.event, e.CampaignCreated) != (campaign is None):
            raise Unappliable(f"{type(fact.event).__name__} at sequence {fact.sequence}")
        if isinstance(fact.event, e.CampaignCreated):
            campaign = await fold_campaigns.created(batch, fact, fact.event)
        assert campaign is not None  # noqa: S101  # either of the two
        await self._take(batch, place, fact)
        campaign.sequence, campaign.updated_us = fact.sequence, fact.at_us
        if type(fact.event) in ADMINISTRATIVE:
            await fold_campaigns.administrative(batch, campaign, fact)

    async def _take(self, batch: Batch, place: int, fact: Fact) -> None:
        event: Any = fact.event
        match event:
            case e.RecordsAdded():
                await fold_uploads.chunk(batch, fact, event)
            case (
                e.AttemptsClaimed()
                | e.AttemptsEnded()
                | e.AttemptsCorrected()
                | e.AttemptsWithdrawn()
                | e.DispositionRecorded()
                | e.RecordsExcluded()
            ):
                await batch.read_ahead(place)
                _take_facts(batch, fact, event)
            case _:
                await _take_sets(batch, fact, event)

    async def _notify(self, sequences: Mapping[str, int]) -> None:
        for name, sequence in sorted(sequences.items()):
            await self._db.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{name}@{sequence}"])


def _take_facts(batch: Batch, fact: Fact, event: Any) -> None:
    campaign, at_us = fact.campaign, fact.at_us
    match event:
        case e.AttemptsClaimed():
            fold_attempts.claimed(batch, campaign, event, at_us)
        case e.AttemptsWithdrawn():
            fold_attempts.withdrawn(batch, campaign, event)
        case e.DispositionRecorded():
            fold_attempts.disposition_recorded(batch, campaign, event, at_us)
        case e.RecordsExcluded():
            fold_records.excluded(batch, campaign, event, at_us)
        case _:
            fold_attempts.ended(batch, campaign, event, at_us)


async def _take_sets(batch: Batch, fact: Fact, event: Any) -> None:
    """What touches an upload or a set of records; positions follow from the kind of the event alone."""
    campaign, at_us = fact.campaign, fact.at_us
    match event:
        case e.SettingsChanged():
            await fold_campaigns.settings_changed(batch, fact, event)
        case e.UploadBegun():
            fold_uploads.begun(batch, fact, event)
        case e.UploadCommitted():
            await fold_uploads.committed(batch, fact, event)
        case e.UploadRejected() | e.UploadAbandoned():
            await fold_uploads.void(batch, fact, event)
        case e.CampaignReset():
            await fold_records.reset(batch, campaign, event, at_us)
        case e.CampaignForceCompleted():
            await fold_records.force_completed(batch, campaign, event, at_us)
        case e.RecordsDeleted():
            count = len(record_sets.from_bytes(event.records))
            await erasures.begun(batch.db, fact, event.command_id, count, event.recoverable_until_us)
            await fold_records.deleted(batch, fact, event)
            if event.upload_id:
                fold_uploads.withdrawn(batch, fact, event.upload_id)
        case e.CommandUndone(command_type="ResetCampaign" | "ForceComplete"):
            await fold_records.restored(batch, campaign, event, at_us)
        case e.CommandUndone():
            await erasures.done(batch.db, campaign, event.command_id)
            await fold_records.undeleted(batch, campaign, event, at_us)
        case e.ErasureConfirmed():
            await erasures.confirmed(batch.db, campaign, event)
        case e.RecordsErased():
            await erasures.done(batch.db, campaign, event.erasure_id)


def _rising(facts: Sequence[Fact], before: int) -> list[Fact]:
    """Those that are new. A batch may hold a record twice after a rebalance: offsets must rise within it too."""
    found: list[Fact] = []
    for fact in facts:
        if fact.offset >= before:
            found.append(fact)
            before = fact.offset + 1
    return found


def _rows_of(fact: Fact) -> int:
    rows = (
        getattr(fact.event, "row", ())
        or getattr(fact.event, "record", ())
        or getattr(fact.event, "block_row", ())
    )
    return 1 if isinstance(rows, int) else max(1, len(rows))
