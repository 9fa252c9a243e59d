"""Undo of the last Reset or Force Complete, and of a delete within its grace."""

import numpy as np
from pyroaring import BitMap

from outdial.campaign import record_sets
from outdial.campaign.book import numbers_of
from outdial.campaign.commands import UndoCommand
from outdial.campaign.decision import Context, Decided, Rejection
from outdial.campaign.events import CommandUndone
from outdial.campaign.positions import Position
from outdial.campaign.rules.records import calls_up
from outdial.campaign.state import CampaignState, DeleteSlot
from outdial.campaign.vocabulary import PENDING


def undo(state: CampaignState, command: UndoCommand, context: Context) -> Decided:
    """Brings the former state back, as far as no fact has changed a record since; never to Running."""
    if upload := state.open_upload:
        return Rejection("upload-in-progress", {"upload_id": upload.upload_id})
    if slot := state.deletes.get(command.command_id):
        if slot.recoverable_until_us >= context.now_us:
            return _undo_delete(state, slot)
    elif state.undo is not None and state.undo.command_id == command.command_id:
        return _undo_last(state)
    return Rejection("undo-not-available", {"available": available(state, context.now_us)})


def available(state: CampaignState, now_us: int) -> list[str]:
    """Ids of the commands that can be undone now."""
    last = [state.undo.command_id] if state.undo is not None else []
    return last + [name for name, slot in state.deletes.items() if slot.recoverable_until_us >= now_us]


def _undo_last(state: CampaignState) -> Decided:
    slot = state.undo
    if slot is None:
        return []
    if busy := calls_up(state, slot.records):
        return Rejection("calls-in-progress", {"in_progress": busy})
    return [
        _undone(
            slot.command_id,
            slot.command_type,
            slot.records,
            slot.changed_since,
            _never_running(slot.position),
        )
    ]


def _undo_delete(state: CampaignState, slot: DeleteSlot) -> Decided:
    kind = "WithdrawUpload" if slot.upload_id else "DeleteRecords"
    return [_undone(slot.command_id, kind, slot.records, 0, _position_after(state, slot))]


def _position_after(state: CampaignState, slot: DeleteSlot) -> Position:
    if state.version == slot.version:
        return _never_running(slot.position)
    # Much may have happened since: only a campaign that is at its end must wait for a Start again.
    rows = numbers_of(slot.records)
    has_active = bool(np.any(state.book.status[rows] == PENDING))
    return Position.READY if state.position is Position.COMPLETED and has_active else state.position


def _never_running(position: Position) -> Position:
    return Position.STOPPED if position is Position.RUNNING else position


def _undone(
    command_id: str, command_type: str, records: BitMap, changed_since: int, position: Position
) -> CommandUndone:
    return CommandUndone(
        command_id=command_id,
        command_type=command_type,
        records=record_sets.to_bytes(records),
        restored=len(records),
        changed_since=changed_since,
        position=str(position),
    )
