"""Outcomes of attempts: facts, taken once each, in every position and also for deleted records and older passes."""

from dataclasses import dataclass, field, replace

from outdial.campaign.book import CLOSING, DISPOSED, OPEN, RecordBook, attempt_key
from outdial.campaign.columns import column, pick
from outdial.campaign.commands import EndAttempts
from outdial.campaign.decision import Context, Decided, Rejection, invalid
from outdial.campaign.events import AttemptsCorrected, AttemptsEnded, Event
from outdial.campaign.positions import Position
from outdial.campaign.retry import Fate, Standing, after_outcome
from outdial.campaign.rules.lifecycle import completion
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import (
    OUTCOMES,
    PENDING,
    REASON_CODE,
    REASON_NAMES,
    STATUSES,
    UNCOUNTED,
    UNKNOWN,
)


@dataclass(slots=True)
class _Batch:
    """Rows of the command that make one event, with what becomes of their records."""

    places: list[int] = field(default_factory=list)
    passes: list[int] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)


def end(state: CampaignState, command: EndAttempts, context: Context) -> Decided:
    """First ends as AttemptsEnded; definite ends after Unknown or a withdrawal as AttemptsCorrected, once."""
    if unknown := sorted(set(command.outcome) - set(OUTCOMES)):
        detail = f"{', '.join(unknown)}: known are {', '.join(OUTCOMES)}"
        return invalid("request-invalid", ("#/outcome", "unknown", detail))
    if len(command.outcome) != len(command.record):
        return invalid("request-invalid", ("#/outcome", "length", "one outcome a record"))
    ends, corrections, is_known = _sort(state, command, context.now_us)
    if not is_known and command.record:
        return Rejection("attempt-unknown", {"records": list(command.record)})
    events: list[Event] = []
    if ends.places:
        events.append(_event(AttemptsEnded, command, ends))
    if corrections.places:
        events.append(_event(AttemptsCorrected, command, corrections))
    return [*events, *_completion(state, command, ends, corrections)] if events else []


def _sort(state: CampaignState, command: EndAttempts, now_us: int) -> tuple[_Batch, _Batch, bool]:
    """Which rows are ends, which corrections; rows that say what is known already are in neither."""
    book, count = state.book, len(command.record)
    attempts, passes = column(command.attempt, count, 1), column(command.pass_number, count, 1)
    ends, corrections, is_known = _Batch(), _Batch(), False
    seen: set[int] = set()
    for place, (record, attempt) in enumerate(zip(command.record, attempts, strict=True)):
        if not book.is_record(record) or not 0 < attempt <= book.claims[record]:
            continue
        is_known = True
        if record in seen:
            continue
        outcome, is_last = command.outcome[place], attempt == book.claims[record]
        if is_last and book.flags[record] & OPEN:
            _take(ends, place, int(book.claim_pass[record]), _fate_of_end(state, record, outcome, now_us))
            seen.add(record)
        elif outcome != UNKNOWN and _is_correctable(book, record, attempt):
            pass_number = int(book.claim_pass[record]) if is_last else passes[place]
            fate = _fate_of_correction(state, record, attempt, outcome, now_us)
            _take(corrections, place, pass_number, fate)
            seen.add(record)
    return ends, corrections, is_known


def _take(batch: _Batch, place: int, pass_number: int, fate: Fate) -> None:
    batch.places.append(place)
    batch.passes.append(pass_number)
    batch.fates.append(fate)


def _is_correctable(book: RecordBook, record: int, attempt: int) -> bool:
    key = attempt_key(record, attempt)
    return key in book.withdrawn or key in book.unknown


def _fate_of_end(state: CampaignState, record: int, outcome: str, now_us: int) -> Fate:
    # The agent was faster than the network: the disposition has decided already.
    if state.book.flags[record] & DISPOSED:
        return fate_now(state.book, record)
    return after_outcome(outcome, _standing(state, record, outcome, 1), state.required_settings, now_us)


def _fate_of_correction(state: CampaignState, record: int, attempt: int, outcome: str, now_us: int) -> Fate:
    """The record follows only if nothing has been decided of it since, and the attempt is its last, of this pass."""
    book = state.book
    is_current = attempt == book.claims[record] and book.claim_pass[record] == book.pass_number[record]
    is_undecided = book.status[record] == PENDING or book.reason[record] == REASON_CODE[UNKNOWN]
    if not is_current or not is_undecided or book.flags[record] & DISPOSED:
        return fate_now(book, record)
    # An unknown end was counted when it came, a withdrawal never was.
    more = 1 if attempt_key(record, attempt) in book.withdrawn else 0
    standing = _standing(state, record, outcome, more)
    return after_outcome(outcome, standing, state.required_settings, now_us)


def fate_now(book: RecordBook, record: int) -> Fate:
    """The record as it is."""
    return Fate(STATUSES[book.status[record]], REASON_NAMES[book.reason[record]], int(book.due_us[record]))


def may_schedule(state: CampaignState, record: int) -> bool:
    """Whether a call of this record may lead to a further one."""
    return state.position is not Position.COMPLETED and not state.book.flags[record] & CLOSING


def _standing(state: CampaignState, record: int, outcome: str, more: int) -> Standing:
    book, counted = state.book, more if outcome not in UNCOUNTED else 0
    return Standing(
        attempts=int(book.attempts[record]) + counted,
        uncounted=int(book.uncounted[record]) + more - counted,
        lifetime=int(book.lifetime[record]) + counted,
        may_schedule=may_schedule(state, record),
    )


def _event(
    kind: type[AttemptsEnded] | type[AttemptsCorrected], command: EndAttempts, batch: _Batch
) -> AttemptsEnded | AttemptsCorrected:
    places = batch.places
    return kind(
        dialer_epoch=command.dialer_epoch,
        record=pick(command.record, places),
        attempt=pick(column(command.attempt, len(command.record), 1), places),
        pass_number=batch.passes,
        outcome=pick(command.outcome, places),
        ring_us=pick(command.ring_us, places),
        answer_us=pick(command.answer_us, places),
        connect_us=pick(command.connect_us, places),
        hangup_us=pick(command.hangup_us, places),
        cause=pick(command.cause, places),
        sip_code=pick(command.sip_code, places),
        agent=pick(command.agent, places),
        status=[fate.status for fate in batch.fates],
        reason=[fate.reason for fate in batch.fates],
        next_attempt_us=[fate.next_attempt_us for fate in batch.fates],
    )


def _completion(state: CampaignState, command: EndAttempts, ends: _Batch, corrections: _Batch) -> list[Event]:
    """Nothing else is left and every record of the batch is final: the campaign completes with it."""
    final = all(fate.status != "Pending" for fate in [*ends.fates, *corrections.fates])
    tally = state.book.tally
    corrected = [command.record[place] for place in corrections.places]
    after = replace(
        tally,
        open=tally.open - len(ends.places),
        active=tally.active - sum(map(state.book.is_active, corrected)),
        awaiting=tally.awaiting - sum(map(state.book.is_awaiting, corrected)),
    )
    return list(completion(state, after)) if final else []
