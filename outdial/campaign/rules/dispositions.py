"""Dispositions: what an agent made of an attempt. A fact; a later one corrects, both stay in the history."""

from collections.abc import Sequence
from dataclasses import replace

from outdial.campaign.book import DISPOSED, OPEN, RecordBook, attempt_key
from outdial.campaign.commands import RecordDisposition
from outdial.campaign.decision import Context, Decided, Rejection
from outdial.campaign.events import DispositionRecorded, Event
from outdial.campaign.positions import Position
from outdial.campaign.retry import Fate, Standing, after_disposition
from outdial.campaign.rules.lifecycle import completion
from outdial.campaign.rules.outcomes import fate_now, may_schedule
from outdial.campaign.settings import Disposition
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import CALLBACK, COMPLETE, RETRY


def record(state: CampaignState, command: RecordDisposition, context: Context) -> Decided:
    """Records the result, with what it makes of the record if the attempt is the record's last of this pass."""
    book, settings = state.book, state.required_settings
    if not book.is_record(command.record):
        return Rejection("record-unknown", {"record": command.record})
    if not 0 < command.attempt <= book.claims[command.record]:
        details = {"record": command.record, "attempt": command.attempt}
        return Rejection("attempt-unknown", {**details, "attempts": int(book.claims[command.record])})
    chosen = next((one for one in settings.dispositions if one.name == command.disposition), None)
    if chosen is None:
        known = [one.name for one in settings.dispositions]
        return Rejection("disposition-unknown", {"disposition": command.disposition, "dispositions": known})
    if _is_late_time_out(book, command):
        return []
    event = _event(state, command, _fate(state, command, chosen, context.now_us))
    return [event, *_completion(state, event)]


def _is_late_time_out(book: RecordBook, command: RecordDisposition) -> bool:
    """The wrap-up time-out (no agent) never corrects what somebody has recorded, and may be sent again."""
    return not command.agent and _is_disposed(book, command.record, command.attempt)


def _is_disposed(book: RecordBook, record: int, attempt: int) -> bool:
    if attempt == book.claims[record]:
        return bool(book.flags[record] & DISPOSED)
    return attempt_key(record, attempt) in book.disposed


def _fate(state: CampaignState, command: RecordDisposition, chosen: Disposition, now_us: int) -> Fate:
    book, row = state.book, command.record
    is_last = command.attempt == book.claims[row] and book.claim_pass[row] == book.pass_number[row]
    schedules = chosen.effect in (RETRY, CALLBACK)
    # What Force Complete has closed is not opened again by a call back.
    if not is_last or (schedules and book.status[row] == COMPLETE):
        return fate_now(book, row)
    standing = Standing(
        attempts=int(book.attempts[row]),
        uncounted=int(book.uncounted[row]),
        lifetime=int(book.lifetime[row]) + (1 if book.flags[row] & OPEN else 0),
        may_schedule=may_schedule(state, row),
    )
    return after_disposition(chosen, command.callback_us, standing, state.required_settings, now_us)


def _event(state: CampaignState, command: RecordDisposition, fate: Fate) -> DispositionRecorded:
    return DispositionRecorded(
        record=command.record,
        attempt=command.attempt,
        disposition=command.disposition,
        agent=command.agent,
        callback_us=command.callback_us,
        is_correction=_is_disposed(state.book, command.record, command.attempt),
        status=fate.status,
        reason=fate.reason,
        next_attempt_us=fate.next_attempt_us,
        comment_block_id=command.comment_block_id,
        comment_block_offset=command.comment_block_offset,
    )


def _completion(state: CampaignState, event: DispositionRecorded) -> Sequence[Event]:
    book, row = state.book, event.record
    if event.status == "Pending" or state.position is Position.COMPLETED:
        return []
    after = replace(
        book.tally,
        active=book.tally.active - (1 if book.is_active(row) else 0),
        awaiting=book.tally.awaiting - (1 if book.is_awaiting(row) else 0),
    )
    return completion(state, after)
