"""Folds the log into a version that nobody reads yet: records go to their table, what changes of them stays in memory.

A hundred bytes a record and ninety an attempt are held of the campaigns that are at work. Beyond the limits the oldest
attempts are written, and campaigns that were idle longest are put away: they go on in the tables, event by event.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np

from outdial.campaign import events as e
from outdial.views.batch import Batch
from outdial.views.facts import Fact
from outdial.views.fill import facts as on_facts
from outdial.views.fill import sets, writing
from outdial.views.fill.held import Held, Named, numbers_of, whole
from outdial.views.fill.indexes import Indexes
from outdial.views.fill.memory import Limits, Memory
from outdial.views.fill.states import NotFillable, Numbers
from outdial.views.fold import POISON, Db, Folded, Folding
from outdial.views.fold_attempts import PENDING
from outdial.views.new_records import NewRecords
from outdial.views.reading import FactReader

log = logging.getLogger(__name__)
_ROWS_GO: Final = (e.RecordsDeleted, e.UploadRejected, e.UploadAbandoned)
_ENDS: Final = (e.AttemptsEnded, e.AttemptsCorrected, e.AttemptsWithdrawn)


class Filling(Folding):
    """The same fold as `Folding`, into an empty version: `begin`, `apply` until the end of the log, `finish`.

    Until it is finished the tables are not what the cursor says. `apply` raises NotFillable for what only `Folding`
    takes in, with a version of its own.
    """

    def __init__(self, db: Db, reader: FactReader, limits: Limits | None = None) -> None:
        super().__init__(db, reader)
        self._memory = Memory(limits or Limits())
        self._indexes = Indexes(db)
        self._has_attempts = False

    async def begin(self) -> None:
        """Take the indexes off the version that names mean."""
        async with self._db.transaction():
            await self._indexes.take_off()

    async def finish(self) -> None:
        """Write what is held, put the indexes back. Raises NotFillable."""
        try:
            for held in self._memory.all():
                async with self._db.transaction():
                    await self._put_away(held)
            await self._indexes.put_back()
        except POISON as error:
            raise NotFillable(str(error)) from error

    async def _apply_or_park(self, partition: int, facts: Sequence[Fact], after: int) -> Folded:
        try:
            return await self._apply(partition, facts, after)
        except (*POISON, OverflowError) as error:
            raise NotFillable(str(error)) from error

    def _batch_of(self, facts: Sequence[Fact]) -> Batch:
        return _FillBatch(self._db, facts, self._memory)

    async def _fold(self, facts: Sequence[Fact]) -> list[str]:
        parked = await super()._fold(facts)
        self._memory.used({fact.campaign for fact in facts})
        for held, count in self._memory.too_many_attempts():
            await writing.write_attempts(self._db, held, count)
            self._has_attempts = True
            self._memory.used([held.campaign])
        for held in self._memory.too_many_states():
            log.info("too much is held, a campaign goes on event by event", extra={"campaign": held.campaign})
            await self._put_away(held)
            for table in ("records", "record_states", "attempts"):
                await self._indexes.need(table)
        return parked

    async def _put_away(self, held: Held) -> None:
        await writing.write_states(self._db, held)
        await writing.write_attempts(self._db, held, len(held.attempts.rows))
        await writing.write_counts(self._db, held)
        self._has_attempts = True
        self._memory.close(held)

    async def _take(self, batch: Batch, place: int, fact: Fact) -> None:
        if isinstance(fact.event, e.CampaignCreated):
            self._memory.open(fact.campaign)
        held = self._memory.get(fact.campaign)
        if held is not None and await self._take_facts(batch, held, fact):
            return
        if held is not None:
            await _take_sets(batch, held, fact)
        if isinstance(fact.event, _ROWS_GO):
            await self._indexes.need("records")
            await self._need_attempts()
        await super()._take(
            batch, place, fact
        )  # what is left of it: the states in the tables are not of this campaign

    async def _take_facts(self, batch: Batch, held: Held, fact: Fact) -> bool:
        """Whether it was a fact about records, and is taken in."""
        event, at_us = fact.event, fact.at_us
        match event:
            case e.AttemptsClaimed():
                on_facts.claimed(held, event, at_us)
            case e.RecordsExcluded():
                on_facts.excluded(held, event, at_us)
            case e.DispositionRecorded():
                named = await self._named(batch, held, [event.record], [event.attempt])
                on_facts.disposition_recorded(held, event, at_us, named)
            case e.AttemptsEnded() | e.AttemptsCorrected() | e.AttemptsWithdrawn():
                for one in _each_record_once(event):
                    named = await self._named(batch, held, one.record, one.attempt)
                    if isinstance(one, e.AttemptsWithdrawn):
                        on_facts.withdrawn(held, one, named)
                    else:
                        on_facts.ended(held, one, at_us, named)
            case _:
                return False
        return True

    async def _named(
        self, batch: Batch, held: Held, records: Sequence[int], attempts: Sequence[int]
    ) -> Named:
        """The attempts of an event; those that are in the table already are read, and written with the batch."""
        numbers = whole(records, 0, 0), whole(attempts, len(records), 1)
        places = held.places(*numbers)
        missing = (
            np.flatnonzero((places < 0) & held.states.has(numbers[0])).tolist() if held.attempts.first else []
        )
        if not missing:
            return Named(places, {})
        await self._need_attempts()
        keys = {row: (held.campaign, int(numbers[0][row]), int(numbers[1][row])) for row in missing}
        await batch.attempts.load(keys.values())
        found = {row: batch.attempts.change(*key) for row, key in keys.items()}
        return Named(places, {row: made for row, made in found.items() if made is not None})

    async def _need_attempts(self) -> None:
        if self._has_attempts:
            await self._indexes.need("attempts")


class _FillBatch(Batch):
    """A batch whose states are in memory, but for campaigns that were put away."""

    def __init__(self, db: Db, facts: Sequence[Fact], memory: Memory) -> None:
        super().__init__(db, facts, elsewhere=memory)
        self._memory = memory

    def add_records(self, records: NewRecords) -> None:
        super().add_records(records)
        if held := self._memory.get(records.campaign):
            numbers = np.array(records.numbers, np.int64)
            held.states.add(numbers, records.created_us, held.texts.code(PENDING))


async def _take_sets(batch: Batch, held: Held, fact: Fact) -> None:
    """The states that an event about a set of records changes."""
    event, at_us = fact.event, fact.at_us
    match event:
        case e.CampaignReset():
            sets.reset(held, numbers_of(event.records), at_us)
        case e.CampaignForceCompleted():
            sets.force_completed(held, numbers_of(event.records), at_us)
        case e.CommandUndone(command_type="ResetCampaign" | "ForceComplete"):
            sets.restored(held, numbers_of(event.records), at_us)
        case e.CommandUndone():
            sets.hidden(held, numbers_of(event.records), None, at_us)
        case e.RecordsDeleted(recoverable_until_us=until_us, command_id=by) if until_us:
            sets.hidden(held, numbers_of(event.records), by, at_us)
        case e.RecordsDeleted():
            sets.removed(held, numbers_of(event.records))
        case e.UploadRejected() | e.UploadAbandoned():
            sets.removed(held, _numbers_of_upload(batch, held, event.upload_id))


def _numbers_of_upload(batch: Batch, held: Held, upload_id: str) -> Numbers:
    upload = batch.uploads.find(held.campaign, upload_id)
    if upload is None or not upload.numbers:
        return np.zeros(0, np.int64)
    return np.arange(upload.first_record, upload.first_record + upload.numbers)


def _each_record_once(event: Any) -> Iterator[Any]:
    """The event, or one for each of its rows when a record stands in it more than once."""
    count = len(event.record)
    if len(set(event.record)) == count:
        yield event
        return
    columns = {one.name: getattr(event, one.name) for one in fields(event)}
    rows: Mapping[str, Sequence[Any]] = {
        name: values
        for name, values in columns.items()
        if isinstance(values, list | tuple) and len(values) == count
    }
    for place in range(count):
        yield replace(event, **{name: [values[place]] for name, values in rows.items()})
