"""Reset, delete, force complete, and withdrawing an upload: decisions about many records at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from outdial.campaign import record_sets
from outdial.campaign.book import OPEN, numbers_of, set_of
from outdial.campaign.commands import DeleteRecords, ForceComplete, ResetCampaign, WithdrawUpload
from outdial.campaign.decision import Context, Decided, Rejection
from outdial.campaign.dialable import is_capped, is_expired
from outdial.campaign.events import CampaignForceCompleted, CampaignReset, RecordsDeleted, UploadRejected
from outdial.campaign.filter import Filter
from outdial.campaign.retry import SECOND_US
from outdial.campaign.selection import check_filters, select, selection_hash
from outdial.campaign.state import CampaignState, Upload
from outdial.campaign.vocabulary import DO_NOT_CALL, EXPIRED, LIFETIME_CAP, REASON_CODE

WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Resettable:
    """What a reset would touch, and how many matching records it leaves as they are, by reason."""

    records: BitMap
    not_dialable: dict[str, int]


def chosen(state: CampaignState, filters: Sequence[Filter]) -> BitMap | Rejection:
    """The records that filters choose, or what is wrong with the filters."""
    if not filters:
        return Rejection("filters-missing")
    if problems := check_filters(filters, state):
        errors = [{"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in problems]
        return Rejection("filter-invalid", {"errors": errors})
    return select(state, filters)


def calls_up(state: CampaignState, records: BitMap) -> int:
    """How many of the records have an attempt whose end is not known."""
    return int(np.count_nonzero(state.book.flags[numbers_of(records)] & OPEN))


def resettable(state: CampaignState, records: BitMap, now_us: int) -> Resettable:
    """Leave out what can never be dialled again: do-not-call, expired, lifetime cap."""
    numbers = numbers_of(records).astype(np.int64)
    refused = state.book.reason[numbers] == REASON_CODE[DO_NOT_CALL]
    expired = is_expired(state.book, numbers, now_us) & ~refused
    capped = is_capped(state, numbers) & ~refused & ~expired
    counts = {
        reason: int(np.count_nonzero(mask))
        for reason, mask in ((DO_NOT_CALL, refused), (EXPIRED, expired), (LIFETIME_CAP, capped))
    }
    left = records
    if any(counts.values()):
        left = BitMap(numbers[~(refused | expired | capped)].astype(np.uint32))
    return Resettable(left, {reason: count for reason, count in counts.items() if count})


def reset(state: CampaignState, command: ResetCampaign, context: Context) -> Decided:
    """The matching records are dialable again in a new pass, and the campaign is Ready."""
    matching = chosen(state, command.filters)
    if isinstance(matching, Rejection):
        return matching
    # A late outcome of the old pass would otherwise meet a record that is being dialled again.
    if busy := calls_up(state, matching):
        return Rejection("calls-in-progress", {"in_progress": busy})
    found = resettable(state, matching, context.now_us)
    if command.selection is not None and command.selection != selection_hash(found.records):
        return _changed(found.records)
    if not found.records:
        return []
    return [
        CampaignReset(
            command_id=context.command_id,
            records=record_sets.to_bytes(found.records),
            affected=len(found.records),
            not_dialable=found.not_dialable,
            filters=tuple(command.filters),
        )
    ]


def delete(state: CampaignState, command: DeleteRecords, context: Context) -> Decided:
    """The matching records are gone for good, once it is confirmed which."""
    matching = chosen(state, command.filters)
    if isinstance(matching, Rejection):
        return matching
    if not matching:
        return []
    if busy := calls_up(state, matching):
        return Rejection("calls-in-progress", {"in_progress": busy})
    return _unconfirmed(command, matching) or [
        _deleted(state, matching, context, filters=tuple(command.filters))
    ]


def _unconfirmed(command: DeleteRecords, records: BitMap) -> Rejection | None:
    count, selection = command.confirm_affected, command.confirm_selection
    if count is None and selection is None:
        return Rejection("confirmation-required", _confirmation(records))
    if count not in (None, len(records)) or selection not in (None, selection_hash(records)):
        return _changed(records)
    return None


def _changed(records: BitMap) -> Rejection:
    return Rejection("count-changed", _confirmation(records))


def _confirmation(records: BitMap) -> dict[str, object]:
    return {"affected": len(records), "selection": selection_hash(records)}


def withdraw_upload(state: CampaignState, command: WithdrawUpload, context: Context) -> Decided:
    """An open upload comes to nothing; of a committed one the records that are left are deleted."""
    upload = state.uploads.get(command.upload_id)
    if upload is None:
        return Rejection("upload-unknown", {"upload_id": command.upload_id})
    if upload.is_open:
        return [UploadRejected(upload.upload_id, WITHDRAWN, "", upload.first_record, upload.records)]
    if upload.state == WITHDRAWN:
        return []
    if upload.state != "committed":
        return Rejection("upload-closed", {"upload_id": upload.upload_id, "state": upload.state})
    records = of_upload(state, upload)
    if busy := calls_up(state, records):
        return Rejection("calls-in-progress", {"in_progress": busy})
    return [_deleted(state, records, context, upload_id=upload.upload_id)] if records else []


def of_upload(state: CampaignState, upload: Upload) -> BitMap:
    """The records of an upload that are present."""
    mask = state.book.present()
    mask[: upload.first_record] = False
    mask[upload.first_record + upload.records :] = False
    return set_of(mask)


def _deleted(
    state: CampaignState,
    records: BitMap,
    context: Context,
    *,
    upload_id: str = "",
    filters: Sequence[Filter] = (),
) -> RecordsDeleted:
    grace_us = context.delete_grace_s * SECOND_US
    return RecordsDeleted(
        upload_id=upload_id,
        records=record_sets.to_bytes(records),
        affected=len(records),
        recoverable_until_us=context.now_us + grace_us if grace_us else 0,
        is_empty=len(records) == state.book.tally.present,
        filters=filters,
        command_id=context.command_id,
    )


def force_complete(state: CampaignState, command: ForceComplete, context: Context) -> Decided:
    """What is still active is Complete, and so is the campaign; calls that are up finish and are recorded."""
    records = set_of(state.book.active())
    never = never_dialled(state, records)
    return [
        CampaignForceCompleted(
            records=record_sets.to_bytes(records),
            affected=len(records),
            never_dialled=never,
            waiting=len(records) - never,
            command_id=context.command_id,
        )
    ]


def never_dialled(state: CampaignState, records: BitMap) -> int:
    """How many of the records were not dialled in their pass."""
    book, numbers = state.book, numbers_of(records)
    return int(np.count_nonzero((book.attempts[numbers] == 0) & (book.uncounted[numbers] == 0)))
