"""Dry runs: what a command would touch, counted from the record book in every position. Nothing is appended."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from pyroaring import BitMap

from outdial.campaign.book import numbers_of, set_of
from outdial.campaign.commands import Command, DeleteRecords, ForceComplete, ResetCampaign, WithdrawUpload
from outdial.campaign.counts import count_by
from outdial.campaign.decide import decide
from outdial.campaign.decision import Context, Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.rules.records import calls_up, chosen, never_dialled, of_upload, resettable
from outdial.campaign.selection import selection_hash, without_date
from outdial.campaign.state import CampaignState
from outdial.campaign.texts import not_dialable_text, records_text
from outdial.campaign.vocabulary import REASON_NAMES, STATUSES


class Answer(NamedTuple):
    """What somebody is told of a command that was not rejected. affected: records; message: for people."""

    affected: int
    changed: bool
    message: str
    details: Mapping[str, Any] = MappingProxyType({})


def preview(state: CampaignState, command: Command, context: Context) -> Answer | Rejection:
    """What the command would do; the position is looked at only where no records are counted."""
    if state.sequence == 0:
        return _would(state, command, context)
    match command:
        case ResetCampaign():
            return _reset(state, command, context)
        case DeleteRecords():
            return _delete(state, command.filters)
        case ForceComplete():
            return _force_complete(state)
        case WithdrawUpload():
            return _withdraw(state, command)
        case _:
            return _would(state, command, context)


def _would(state: CampaignState, command: Command, context: Context) -> Answer | Rejection:
    decided = decide(state, command, context)
    if isinstance(decided, Rejection):
        return decided
    message = "It would be accepted." if decided else "It would change nothing."
    return Answer(0, False, message, {"events": [type(event).__name__ for event in decided]})


def _reset(state: CampaignState, command: ResetCampaign, context: Context) -> Answer | Rejection:
    matching = chosen(state, command.filters)
    if isinstance(matching, Rejection):
        return matching
    found = resettable(state, matching, context.now_us)
    details = {
        **breakdown(state, found.records, command.filters),
        "not_dialable": found.not_dialable,
        "in_progress": calls_up(state, matching),
    }
    message = f"{records_text(len(found.records))} would be reset{not_dialable_text(found.not_dialable)}."
    return Answer(len(found.records), False, message, details)


def _delete(state: CampaignState, filters: Sequence[Filter]) -> Answer | Rejection:
    matching = chosen(state, filters)
    if isinstance(matching, Rejection):
        return matching
    return _deletion(state, matching, filters)


def _withdraw(state: CampaignState, command: WithdrawUpload) -> Answer | Rejection:
    upload = state.uploads.get(command.upload_id)
    if upload is None:
        return Rejection("upload-unknown", {"upload_id": command.upload_id})
    return _deletion(state, of_upload(state, upload), ())


def _deletion(state: CampaignState, records: BitMap, filters: Sequence[Filter]) -> Answer:
    details = {
        **breakdown(state, records, filters),
        "not_dialable": {},
        "in_progress": calls_up(state, records),
    }
    message = f"{records_text(len(records))} would be deleted for good."
    return Answer(len(records), False, message, details)


def _force_complete(state: CampaignState) -> Answer:
    records = set_of(state.book.active())
    never = never_dialled(state, records)
    waiting = len(records) - never
    details = {
        **breakdown(state, records, ()),
        "not_dialable": {},
        "in_progress": state.book.tally.open,
        "never_dialled": never,
        "waiting": waiting,
    }
    message = f"{records_text(len(records))} would be complete: {never} never dialled, {waiting} waiting."
    return Answer(len(records), False, message, details)


def breakdown(state: CampaignState, records: BitMap, filters: Sequence[Filter]) -> dict[str, Any]:
    """The selection, and counts of the records per value of each field; blank is the empty name."""
    book, numbers = state.book, numbers_of(records)
    priorities = tuple(str(priority) for priority in range(256))
    return {
        "selection": selection_hash(records),
        "by_status": count_by(book.status[numbers], STATUSES),
        "by_reason": count_by(book.reason[numbers], REASON_NAMES),
        "by_disposition": count_by(book.disposition[numbers], book.dispositions),
        "by_priority": count_by(book.priority[numbers], priorities),
        "by_agent": count_by(book.agent[numbers], book.agents),
        "by_skill": count_by(book.skill[numbers], book.skills),
        "without_date": without_date(state, filters),
    }
