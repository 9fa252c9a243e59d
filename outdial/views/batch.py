"""What one transaction of the fold works on: the rows it touches, new records, counts, and the history it writes."""

from collections.abc import Container, Iterable, Sequence
from typing import Final

from psycopg import AsyncConnection

from outdial.campaign import events as e
from outdial.views.database import Row
from outdial.views.facts import Fact
from outdial.views.hot import ATTEMPTS, CAMPAIGNS, STATES, UPLOADS, HotRows
from outdial.views.new_records import NewRecords
from outdial.views.rows import AttemptRow, CampaignRow, StateRow, UploadRow
from outdial.views.tallies import Tallies

Db = AsyncConnection[Row]
_ROW_FACTS: Final = (
    e.AttemptsClaimed,
    e.AttemptsEnded,
    e.AttemptsCorrected,
    e.AttemptsWithdrawn,
    e.RecordsExcluded,
)
_OF_UPLOADS: Final = (
    e.UploadBegun,
    e.RecordsAdded,
    e.UploadCommitted,
    e.UploadRejected,
    e.UploadAbandoned,
    e.RecordsDeleted,
)
_OF_ATTEMPTS: Final = (e.AttemptsEnded, e.AttemptsCorrected, e.AttemptsWithdrawn)


class Batch:
    """Events of one partition on their way into the views. `facts` are all of them, in order.

    `elsewhere` are campaigns whose states and attempts are not in the tables.
    """

    def __init__(self, db: Db, facts: Sequence[Fact], elsewhere: Container[str] = ()) -> None:
        self.db = db
        self._elsewhere = elsewhere
        self.tallies = Tallies()
        self.campaigns: HotRows[CampaignRow] = HotRows(db, CAMPAIGNS)
        self.uploads: HotRows[UploadRow] = HotRows(db, UPLOADS)
        self.states: HotRows[StateRow] = HotRows(db, STATES, self.tallies.leave)
        self.attempts: HotRows[AttemptRow] = HotRows(db, ATTEMPTS)
        self._facts = facts
        self._records: list[NewRecords] = []
        self._is_ahead = False

    async def open(self) -> None:
        """Read the campaigns and uploads that the events name."""
        await self.campaigns.load((fact.campaign,) for fact in self._facts)
        await self.uploads.load(
            (fact.campaign, fact.event.upload_id)
            for fact in self._facts
            if isinstance(fact.event, _OF_UPLOADS)
        )

    async def read_ahead(self, place: int) -> None:
        """Have the rows of the fact at this place, and of those behind it in the batch."""
        if self._is_ahead:
            return
        await self._write_records()
        ahead = [fact for fact in self._facts[place:] if fact.campaign not in self._elsewhere]
        await self.states.load(key for fact in ahead for key in _states_of(fact))
        await self.attempts.load(key for fact in ahead for key in _attempts_of(fact))
        self._is_ahead = True

    def add_records(self, records: NewRecords) -> None:
        """New records; they are written before anybody reads."""
        self._records.append(records)
        self._is_ahead = False

    async def settle(self) -> None:
        """Write everything: a statement over a set of records comes next."""
        await self._write_records()
        for state in self.states.changed():
            self.tallies.enter(state)
        await self.states.forget()
        await self.attempts.forget()
        await self.uploads.flush()
        self._is_ahead = False

    async def close(self) -> None:
        """Write what is left."""
        await self.settle()
        await self.campaigns.flush()
        await self.tallies.flush(self.db)

    async def _write_records(self) -> None:
        if not self._records:
            return
        await self._copy("records", (one.lines for one in self._records))
        states = "record_states (campaign, record, updated_us)"
        here = [one for one in self._records if one.campaign not in self._elsewhere]
        if here:
            await self._copy(states, (one.state_lines for one in here))
        self._records.clear()

    async def _copy(self, into: str, lines: Iterable[str]) -> None:
        async with self.db.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copying:
            for some in lines:
                await copying.write(some)


def _states_of(fact: Fact) -> Iterable[tuple[str, int]]:
    event = fact.event
    if isinstance(event, _ROW_FACTS):
        return [(fact.campaign, record) for record in event.record]
    return [(fact.campaign, event.record)] if isinstance(event, e.DispositionRecorded) else ()


def _attempts_of(fact: Fact) -> Iterable[tuple[str, int, int]]:
    event = fact.event
    if isinstance(event, _OF_ATTEMPTS):
        attempts = event.attempt or [1] * len(event.record)
        return [(fact.campaign, *pair) for pair in zip(event.record, attempts, strict=True)]
    if isinstance(event, e.DispositionRecorded):
        return [(fact.campaign, event.record, event.attempt)]
    return ()
