"""Claims of records for dialling, and claims given back."""

from dataclasses import replace

from outdial.campaign.book import CLOSING, DELETED, OPEN
from outdial.campaign.columns import column, pick
from outdial.campaign.commands import ClaimAttempts, WithdrawAttempts
from outdial.campaign.decision import Context, Decided, Rejection
from outdial.campaign.events import AttemptsClaimed, AttemptsWithdrawn, Event, RecordsExcluded
from outdial.campaign.positions import Position, allowed
from outdial.campaign.rules.dialling import superseded
from outdial.campaign.rules.lifecycle import completion
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import FORCE_COMPLETED, PENDING

# A dialer's clock may be ahead of the writer's by so much; both stop when it is more.
CLOCK_TOLERANCE_US = 1_000_000
ALREADY = "already"


def claim(state: CampaignState, command: ClaimAttempts, context: Context) -> Decided:
    """Claims those records of the batch that may be dialled; the event says which, the answer why not the others."""
    if state.position is not Position.RUNNING:
        text = f"The campaign is {state.position.lower()}: only a running one is dialled."
        names = allowed(state.position, context.stopped_allows)
        return Rejection(
            "position-does-not-allow", {"position": str(state.position), "allowed": names, "text": text}
        )
    if command.dialer_epoch < state.dialer_epoch:
        return superseded(state)
    verdicts = judge(state, command, context.now_us)
    places = [place for place, why in enumerate(verdicts) if not why]
    if places:
        return [_claimed(command, places)]
    if any(why == ALREADY for why in verdicts):
        return []
    refused = [
        {"record": record, "reason": why} for record, why in zip(command.record, verdicts, strict=True)
    ]
    return Rejection("nothing-claimable", {"refused": refused})


def judge(state: CampaignState, command: ClaimAttempts, now_us: int) -> list[str]:
    """Per row why it cannot be claimed: empty = it can; `already` = this very attempt is claimed and open."""
    count = len(command.record)
    attempts, passes = column(command.attempt, count, 1), column(command.pass_number, count, 1)
    if command.originate_before_us <= now_us:
        return ["late"] * count
    seen: set[int] = set()
    found = []
    for record, attempt, pass_number in zip(command.record, attempts, passes, strict=True):
        found.append("repeated" if record in seen else _why_not(state, record, attempt, pass_number, now_us))
        seen.add(record)
    return found


def _why_not(state: CampaignState, record: int, attempt: int, pass_number: int, now_us: int) -> str:  # noqa: PLR0911 - one reason a line
    book = state.book
    if not book.is_record(record):
        return "unknown"
    if book.flags[record] & OPEN:
        return ALREADY if book.claims[record] == attempt else "call-up"
    if not book.is_active(record):
        return _why_inactive(state, record)
    if attempt != book.claims[record] + 1:
        return "attempt-not-next"
    if pass_number != book.pass_number[record]:
        return "other-pass"
    if book.due_us[record] > now_us + CLOCK_TOLERANCE_US:
        return "not-due"
    if 0 < book.expires_us[record] < now_us:
        return "expired"
    most = state.required_settings.max_attempts
    return "lifetime-cap" if most and book.lifetime[record] >= most else ""


def _why_inactive(state: CampaignState, record: int) -> str:
    if state.book.flags[record] & DELETED:
        return "deleted"
    return "final" if state.book.status[record] != PENDING else "awaits-disposition"


def _claimed(command: ClaimAttempts, places: list[int]) -> AttemptsClaimed:
    count = len(command.record)
    return AttemptsClaimed(
        dialer_epoch=command.dialer_epoch,
        originate_before_us=command.originate_before_us,
        caller_id=command.caller_id,
        tzdata_version=command.tzdata_version,
        window_applied=command.window_applied,
        do_not_call_version=command.do_not_call_version,
        mode=command.mode,
        pacing_rule=command.pacing_rule,
        record=pick(command.record, places),
        attempt=pick(column(command.attempt, count, 1), places),
        pass_number=pick(column(command.pass_number, count, 1), places),
        zone=pick(command.zone, places),
        zone_source=pick(command.zone_source, places),
    )


def withdraw(state: CampaignState, command: WithdrawAttempts, context: Context) -> Decided:
    """Gives back the claims that are still open. After Force Complete such a record is Complete like the others."""
    book, count = state.book, len(command.record)
    attempts = column(command.attempt, count, 1)
    known, open_places = 0, {}
    for place, (record, attempt) in enumerate(zip(command.record, attempts, strict=True)):
        if book.is_record(record) and 0 < attempt <= book.claims[record]:
            known += 1
            if attempt == book.claims[record] and book.flags[record] & OPEN:
                open_places[record] = place
    if not open_places:
        return [] if known else Rejection("attempt-unknown", {"records": list(command.record)})
    places = list(open_places.values())
    event = AttemptsWithdrawn(
        command.dialer_epoch,
        record=list(open_places),
        attempt=pick(attempts, places),
        cause=pick(command.cause, places),
    )
    return [event, *_left_over(state, list(open_places))]


def _left_over(state: CampaignState, records: list[int]) -> list[Event]:
    """In Completed nothing stays active: what Force Complete found with a claim, and was not dialled, follows."""
    book = state.book
    if state.position is not Position.COMPLETED:
        still_active = sum(book.status[record] == PENDING for record in records)
        tally = book.tally
        after = replace(tally, open=tally.open - len(records), active=tally.active + still_active)
        return list(completion(state, after))
    left = [record for record in records if book.flags[record] & CLOSING and book.status[record] == PENDING]
    return [RecordsExcluded(left, [FORCE_COMPLETED] * len(left))] if left else []
