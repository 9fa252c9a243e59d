"""Folds the log into a version that nobody reads yet: records go to their table, what changes of them stays in memory.

A hundred bytes a record and ninety an attempt are held of the campaigns that are at work. Beyond the limits the oldest
attempts are written, and campaigns that were idle longest are put away: they go on in the tables, event by event.
"""

import logging
from collections.abc import Sequence
from typing import Final

from outdial.campaign import events as e
from outdial.views.batch import Batch
from outdial.views.facts import Fact
from outdial.views.fill import writing
from outdial.views.fill.batch import FillBatch
from outdial.views.fill.held import Held
from outdial.views.fill.indexes import Indexes
from outdial.views.fill.memory import Limits, Memory
from outdial.views.fill.states import NotFillable
from outdial.views.fold import POISON, Db, Folded, Folding
from outdial.views.reading import FactReader

log = logging.getLogger(__name__)
_ROWS_GO: Final = (e.RecordsDeleted, e.UploadRejected, e.UploadAbandoned)


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

    @property
    def held_bytes(self) -> int:
        """Memory of what is held, as arrays."""
        return sum(held.states.size_bytes + held.attempts.size_bytes for held in self._memory.all())

    @property
    def held_attempts(self) -> int:
        """Attempts that are not written yet."""
        return sum(len(held.attempts.rows) for held in self._memory.all())

    async def _apply_or_park(self, partition: int, facts: Sequence[Fact], after: int) -> Folded:
        try:
            return await self._apply(partition, facts, after)
        except (*POISON, OverflowError) as error:
            raise NotFillable(str(error)) from error

    def _batch_of(self, facts: Sequence[Fact]) -> Batch:
        return FillBatch(self._db, facts, self._memory, self._need_attempts)

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
        assert isinstance(batch, FillBatch)  # noqa: S101  # it is ours
        if isinstance(fact.event, e.CampaignCreated):
            self._memory.open(fact.campaign)
        held = self._memory.get(fact.campaign)
        if held is not None and await batch.take(held, fact):
            return
        if isinstance(fact.event, _ROWS_GO):
            await self._indexes.need("records")
            await self._need_attempts()
        await super()._take(
            batch, place, fact
        )  # what is left of it: the tables have no states of this campaign

    async def _need_attempts(self) -> None:
        if self._has_attempts:
            await self._indexes.need("attempts")
