"""Every stream of the log, folded in memory: a gap or a fork ends the process, a bad event parks its stream."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import TypeAlias

from outdial.campaign.attempt_id import AttemptId
from outdial.campaign.book import OPEN, attempt_key
from outdial.campaign.columns import column
from outdial.campaign.events import AttemptsEnded, AttemptsWithdrawn, DispositionRecorded, Event
from outdial.campaign.evolve import Unappliable, evolve
from outdial.campaign.state import CampaignState, initial
from outdial.campaign.vocabulary import DO_NOT_CALL_EFFECT, UNKNOWN
from outdial.campaign.wire import EVENTS, from_fields
from outdial.donotcall.lists import is_list
from outdial.eventlog.ports import IntegrityError, LogRecord
from outdial.messages.codec import Codec, Undecodable, UnknownSchema
from outdial.messages.envelope import Envelope
from services.dialer.list_fold import ListFold

log = logging.getLogger(__name__)
# Called after each event: state, event, the id of the command that caused it.
Watcher: TypeAlias = Callable[[CampaignState, Event, str], None]


class Fold:
    """Campaign states by id; `watch` is told of each event of a campaign after it was folded."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.lists = ListFold(codec)
        self._states: dict[str, CampaignState] = {}
        self._news = asyncio.Condition()
        self._passes: dict[tuple[str, int], int] = {}
        self.parked: dict[str, str] = {}
        self.next_offsets: dict[int, int] = {}
        self.watch: Watcher | None = None

    def __iter__(self) -> Iterator[CampaignState]:
        """Campaigns that can be worked on."""
        return (state for state in self._states.values() if state.campaign_id not in self.parked)

    def get(self, campaign_id: str) -> CampaignState | None:
        """One campaign; None when it is unknown or parked."""
        return None if campaign_id in self.parked else self._states.get(campaign_id)

    def take(self, record: LogRecord) -> None:
        """Fold one event. Raises IntegrityError, and UnknownSchema when its schema is still to be learnt."""
        envelope = Envelope.of(record.headers)
        if is_list(envelope.subject):
            self.lists.take(envelope, record)
            self.next_offsets[record.partition] = record.offset + 1
            return
        state = self._states.get(envelope.subject) or initial(envelope.subject)
        if envelope.subject in self.parked:
            self.next_offsets[record.partition] = record.offset + 1
            return
        if envelope.sequence != state.sequence + 1:
            where = f"events/{record.partition}@{record.offset}"
            raise IntegrityError(
                f"{where}: {envelope.subject} has {envelope.sequence}, {state.sequence + 1} follows"
            )
        self._states[envelope.subject] = state
        try:
            event = self._read(record)
            self._note_pass(state, event)
            self._states[envelope.subject] = state = evolve(state, event, envelope.time_us)
        except UnknownSchema:
            raise
        except (Undecodable, Unappliable) as error:
            self.parked[envelope.subject] = str(error)
            log.critical("campaign parked", extra={"stream": envelope.subject, "why": str(error)})
        else:
            self._note_wish(state, event)
            if self.watch is not None:
                self.watch(state, event, envelope.causation_id)
        self.next_offsets[record.partition] = record.offset + 1

    async def announce(self) -> None:
        """Wake those who wait for what was folded."""
        async with self._news:
            self._news.notify_all()

    async def reaches(self, campaign_id: str, sequence: int, timeout_s: float) -> None:
        """Wait until the campaign is folded up to a sequence; TimeoutError."""

        def reached() -> bool:
            state = self._states.get(campaign_id)
            return campaign_id in self.parked or (state is not None and state.sequence >= sequence)

        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(reached)

    def pass_of(self, state: CampaignState, record: int, attempt: int) -> int:
        """The pass in which an attempt was claimed; 0 when that is forgotten, because its end is known."""
        book = state.book
        if 0 < record < book.size and book.claims[record] == attempt:
            return int(book.claim_pass[record])
        return self._passes.get((state.campaign_id, attempt_key(record, attempt)), 0)

    def is_open(self, state: CampaignState, record: int, attempt: int) -> bool:
        """Whether the log still wants to hear how an attempt ended: it is open, unknown, or thought never placed.

        True also for one that is not folded yet.
        """
        book = state.book
        if not 0 < record < book.size or attempt > book.claims[record]:
            return True
        if attempt == book.claims[record] and book.flags[record] & OPEN:
            return True
        key = attempt_key(record, attempt)
        return key in book.withdrawn or key in book.unknown

    def _read(self, record: LogRecord) -> Event:
        name, fields = self._codec.decode(record.value or b"")
        if (short := name.removeprefix("outdial.")) not in EVENTS:
            raise Undecodable(f"{name} is no event")
        event: Event = from_fields(short, fields)  # type: ignore[assignment]  # an event by its name
        return event

    def _note_wish(self, state: CampaignState, event: Event) -> None:
        """A disposition with this effect is a wish, and stays one when a later disposition corrects it."""
        if not isinstance(event, DispositionRecorded) or state.settings is None:
            return
        effects = {one.name: one.effect for one in state.settings.dispositions}
        if effects.get(event.disposition) == DO_NOT_CALL_EFFECT:
            self.lists.wished(AttemptId(state.campaign_id, event.record, event.attempt))

    def _note_pass(self, state: CampaignState, event: Event) -> None:
        """A definite outcome may come later, when the record has been claimed again, in another pass maybe."""
        records: list[tuple[int, int]] = []
        if isinstance(event, AttemptsWithdrawn):
            records = list(zip(event.record, column(event.attempt, len(event.record), 1), strict=True))
        elif isinstance(event, AttemptsEnded):
            attempts = column(event.attempt, len(event.record), 1)
            ends = zip(event.record, attempts, event.outcome, strict=True)
            records = [(record, attempt) for record, attempt, outcome in ends if outcome == UNKNOWN]
        for record, attempt in records:
            if 0 < record < state.book.size:
                key = (state.campaign_id, attempt_key(record, attempt))
                self._passes[key] = int(state.book.claim_pass[record])
