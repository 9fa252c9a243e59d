"""What the dialer says of itself and of time: it takes over, records can no longer be dialled."""

import numpy as np

from outdial.campaign.book import Tally
from outdial.campaign.commands import ExcludeRecords, TakeOverDialling
from outdial.campaign.decision import Context, Decided, Rejection, invalid
from outdial.campaign.dialable import is_capped, is_expired
from outdial.campaign.events import DiallingTakenOver, RecordsExcluded
from outdial.campaign.rules.lifecycle import completion
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import DO_NOT_CALL, EXPIRED, LIFETIME_CAP


def take_over(state: CampaignState, command: TakeOverDialling, context: Context) -> Decided:
    """Every claim of an older dialer is refused from here on."""
    if command.dialer_epoch < state.dialer_epoch:
        return superseded(state)
    return [DiallingTakenOver(command.dialer_epoch)] if command.dialer_epoch > state.dialer_epoch else []


def superseded(state: CampaignState) -> Rejection:
    """A newer dialer dials this campaign."""
    return Rejection("dialer-superseded", {"dialer_epoch": state.dialer_epoch})


def exclude(state: CampaignState, command: ExcludeRecords, context: Context) -> Decided:
    """Active records that have expired, reached their cap or may not be called become final; others stay."""
    if len(command.reason) != len(command.record):
        return invalid("request-invalid", ("#/reason", "length", "one reason a record"))
    unknown = sorted(set(command.reason) - {EXPIRED, DO_NOT_CALL, LIFETIME_CAP})
    if unknown:
        detail = f"{', '.join(unknown)}: known are {EXPIRED}, {DO_NOT_CALL}, {LIFETIME_CAP}"
        return invalid("request-invalid", ("#/reason", "unknown", detail))
    pairs = dict(zip(command.record, command.reason, strict=True))
    kept = {
        record: reason for record, reason in pairs.items() if _may_exclude(state, record, reason, context)
    }
    if not kept:
        return []
    tally = state.book.tally
    after = Tally(tally.present, tally.active - len(kept), tally.open, tally.awaiting)
    return [RecordsExcluded(list(kept), list(kept.values())), *completion(state, after)]


def _may_exclude(state: CampaignState, record: int, reason: str, context: Context) -> bool:
    book = state.book
    if not book.is_active(record):
        return False
    row = np.array([record])
    if reason == EXPIRED:
        return bool(is_expired(book, row, context.now_us)[0])
    return reason == DO_NOT_CALL or bool(is_capped(state, row)[0])
