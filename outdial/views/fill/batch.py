"""What one transaction of a fill works on: campaigns in memory, with claims and ends that are folded together."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from outdial.campaign import events as e
from outdial.views.batch import Batch, Db
from outdial.views.facts import Fact
from outdial.views.fill import facts, sets
from outdial.views.fill.held import Held, Named, whole
from outdial.views.fill.memory import Memory
from outdial.views.fill.pending import END_COLUMNS, Pending, Rows
from outdial.views.fold_attempts import PENDING
from outdial.views.new_records import NewRecords


class FillBatch(Batch):
    """`need_attempts` has the index by which attempts that are written are found."""

    def __init__(
        self, db: Db, all_facts: Sequence[Fact], memory: Memory, need_attempts: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(db, all_facts, elsewhere=memory)
        self._memory, self._need_attempts = memory, need_attempts
        self._pending: dict[str, Pending] = {}

    def add_records(self, records: NewRecords) -> None:
        """To their table, and their states to memory."""
        super().add_records(records)
        if held := self._memory.get(records.campaign):
            numbers = np.array(records.numbers, np.int64)
            held.states.add(numbers, records.created_us, held.texts.code(PENDING))

    async def close(self) -> None:
        """Fold what waits, write what is left."""
        for campaign in list(self._pending):
            if held := self._memory.get(campaign):
                await self._fold_pending(held)
        await super().close()

    async def take(self, held: Held, fact: Fact) -> bool:
        """Fold into memory; false when the event has more to say than the states and attempts of records."""
        event, at_us = fact.event, fact.at_us
        if isinstance(event, e.AttemptsClaimed | e.AttemptsEnded):
            for one in _each_record_once(event):
                await self._wait(held, one, at_us)
            return True
        await self._fold_pending(held)
        match event:
            case e.RecordsExcluded():
                facts.excluded(held, event, at_us)
            case e.DispositionRecorded():
                named = await self._named(held, [event.record], [event.attempt])
                facts.disposition_recorded(held, event, at_us, named)
            case e.AttemptsCorrected() | e.AttemptsWithdrawn():
                for one in _each_record_once(event):
                    await self._correct(held, one, at_us)
            case _:
                upload_id = getattr(event, "upload_id", "")
                sets.take(held, event, at_us, self.uploads.find(held.campaign, upload_id))
                return False
        return True

    async def _wait(self, held: Held, event: e.AttemptsClaimed | e.AttemptsEnded, at_us: int) -> None:
        pending = self._pending.setdefault(held.campaign, Pending())
        if not pending.admits(event):
            await self._fold_pending(held)
            pending = self._pending[held.campaign] = Pending()
        pending.add(event, at_us)

    async def _fold_pending(self, held: Held) -> None:
        pending = self._pending.pop(held.campaign, None)
        if pending is None:
            return
        if pending.claims.record:
            facts.claimed(held, pending.claims)
        if pending.ends.record:
            named = await self._named(held, pending.ends.record, pending.ends.of["attempt"])
            facts.ended(held, pending.ends, named)

    async def _correct(
        self, held: Held, event: e.AttemptsCorrected | e.AttemptsWithdrawn, at_us: int
    ) -> None:
        named = await self._named(held, event.record, event.attempt)
        if isinstance(event, e.AttemptsWithdrawn):
            facts.withdrawn(held, event, named)
            return
        rows = Rows(END_COLUMNS)
        rows.add(event, at_us)
        facts.ended(held, rows, named, is_correction=True)

    async def _named(self, held: Held, records: Sequence[int], attempts: Sequence[int]) -> Named:
        """The attempts of an event; those that are in the table already are read, and written with the batch."""
        numbers = whole(records, 0, 0), whole(attempts, len(records), 1)
        places = held.places(*numbers)
        if not held.attempts.first:
            return Named(places, {})
        missing = np.flatnonzero((places < 0) & held.states.has(numbers[0])).tolist()
        if not missing:
            return Named(places, {})
        await self._need_attempts()
        keys = {row: (held.campaign, int(numbers[0][row]), int(numbers[1][row])) for row in missing}
        await self.attempts.load(keys.values())
        found = {row: self.attempts.change(*key) for row, key in keys.items()}
        return Named(places, {row: made for row, made in found.items() if made is not None})


def _each_record_once(event: Any) -> Iterator[Any]:
    """The event, or one for each of its rows when a record stands in it more than once."""
    count = len(event.record)
    if count == 1 or len(set(event.record)) == count:
        yield event
        return
    columns = {one.name: getattr(event, one.name) for one in fields(event)}
    rows = {name: values for name, values in columns.items() if isinstance(values, list | tuple) and values}
    for place in range(count):
        yield replace(event, **{name: [values[place]] for name, values in rows.items()})
