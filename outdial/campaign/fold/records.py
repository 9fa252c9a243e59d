"""Folds what touches many records at once: reset, force complete, delete, undo, exclusion."""

from typing import Final

import numpy as np
from pyroaring import BitMap

from outdial.campaign import record_sets
from outdial.campaign.book import AWAITING, CLOSING, DELETED, OPEN, RecordBook, Rows, numbers_of
from outdial.campaign.events import (
    CampaignForceCompleted,
    CampaignReset,
    CommandUndone,
    RecordsDeleted,
    RecordsExcluded,
)
from outdial.campaign.fold.checks import known_rows, rows_of
from outdial.campaign.positions import Position
from outdial.campaign.state import CampaignState, DeleteSlot, Erasure, UndoSlot
from outdial.campaign.vocabulary import (
    COMPLETE,
    FAIL,
    FORCE_COMPLETED,
    PENDING,
    REASON_CODE,
)

# What Reset and Force Complete change, and Undo brings back.
RESTORED: Final = (
    "status",
    "reason",
    "disposition",
    "attempts",
    "uncounted",
    "pass_number",
    "due_us",
    "flags",
)
_RESTORED_FLAGS: Final = AWAITING | CLOSING
_MAX_PASS: Final = np.iinfo(np.uint16).max


def campaign_reset(state: CampaignState, event: CampaignReset, at_us: int) -> None:
    """The records are as if never dialled, in a new pass; what they had for life stays."""
    book, rows = state.book, known_rows(state.book, event.records)
    state.undo = _slot(state, event.command_id, "ResetCampaign", event.records)
    with book.changing(rows):
        book.status[rows] = PENDING
        for name in ("reason", "disposition", "attempts", "uncounted", "due_us"):
            getattr(book, name)[rows] = 0
        book.flags[rows] &= np.uint8(~(AWAITING | CLOSING) & 0xFF)
        book.pass_number[rows] = np.minimum(book.pass_number[rows], _MAX_PASS - 1) + 1
        book.updated_us[rows] = at_us
    state.position = Position.READY


def force_completed(state: CampaignState, event: CampaignForceCompleted, at_us: int) -> None:
    """The records are Complete; calls that are up, and answers without disposition, end without a further try."""
    book, rows = state.book, known_rows(state.book, event.records)
    state.undo = _slot(state, event.command_id, "ForceComplete", event.records)
    with book.changing(rows):
        make_final(book, rows, COMPLETE, FORCE_COMPLETED, at_us)
    book.flags[np.flatnonzero(book.column("flags") & (OPEN | AWAITING))] |= CLOSING
    state.position = Position.COMPLETED


def make_final(book: RecordBook, rows: Rows, status: int, reason: str, at_us: int) -> None:
    """Give rows a final status; the caller keeps the tally."""
    book.status[rows] = status
    book.reason[rows] = REASON_CODE[reason]
    book.due_us[rows] = 0
    book.updated_us[rows] = at_us


def records_deleted(state: CampaignState, event: RecordsDeleted, at_us: int) -> None:
    """The records are gone from every count and can never be dialled; their personal data is to be erased."""
    book, records = state.book, record_sets.from_bytes(event.records)
    rows = known_rows(book, event.records)
    with book.changing(rows):
        book.flags[rows] |= DELETED
        book.updated_us[rows] = at_us
    until = event.recoverable_until_us
    if until:
        state.deletes[event.command_id] = DeleteSlot(
            event.command_id, event.upload_id, records, until, state.position, state.version + 1
        )
    state.erasures[event.command_id] = Erasure(event.command_id, records, at_us, until)
    if upload := state.uploads.get(event.upload_id):
        upload.state = "withdrawn"
    if event.is_empty:
        state.position = Position.READY


def command_undone(state: CampaignState, event: CommandUndone, at_us: int) -> None:
    """The records are as they were before the command that was undone."""
    if slot := state.deletes.pop(event.command_id, None):
        _undelete(state, slot, event, at_us)
    elif state.undo is not None and state.undo.command_id == event.command_id:
        _restore(state, state.undo, event, at_us)
    state.undo = None
    state.position = Position(event.position)


def records_excluded(state: CampaignState, event: RecordsExcluded, at_us: int) -> None:
    """The records are final, each with its reason."""
    book, rows = state.book, rows_of(state.book, event.record)
    reasons = np.fromiter((REASON_CODE[name] for name in event.reason), np.uint8, len(rows))
    with book.changing(rows):
        is_forced = reasons == REASON_CODE[FORCE_COMPLETED]
        book.status[rows] = np.where(is_forced, COMPLETE, FAIL)
        book.reason[rows] = reasons
        book.due_us[rows] = 0
        book.updated_us[rows] = at_us
    touched(state, rows)


def touched(state: CampaignState, rows: Rows) -> None:
    """A fact changed these rows: they can no longer be restored by Undo."""
    if state.undo is not None:
        numbers = np.arange(state.book.size)[rows]
        state.undo.records.difference_update(BitMap(numbers.astype(np.uint32)))


def _slot(state: CampaignState, command_id: str, command_type: str, records: bytes) -> UndoSlot:
    chosen = record_sets.from_bytes(records)
    numbers = numbers_of(chosen).copy()
    columns = {name: getattr(state.book, name)[numbers] for name in RESTORED}
    return UndoSlot(command_id, command_type, state.position, chosen, numbers, columns)


def _restore(state: CampaignState, slot: UndoSlot, event: CommandUndone, at_us: int) -> None:
    book, rows = state.book, known_rows(state.book, event.records)
    places = np.searchsorted(slot.numbers, rows)
    with book.changing(rows):
        for name in RESTORED:
            if name != "flags":
                getattr(book, name)[rows] = slot.columns[name][places]
        kept = book.flags[rows] & np.uint8(~_RESTORED_FLAGS & 0xFF)
        book.flags[rows] = kept | (slot.columns["flags"][places].astype(np.uint8) & _RESTORED_FLAGS)
        book.updated_us[rows] = at_us
    if slot.command_type == "ForceComplete":
        book.flags[: book.size] &= np.uint8(~CLOSING & 0xFF)


def _undelete(state: CampaignState, slot: DeleteSlot, event: CommandUndone, at_us: int) -> None:
    book, rows = state.book, known_rows(state.book, event.records)
    with book.changing(rows):
        book.flags[rows] &= np.uint8(~DELETED & 0xFF)
        book.updated_us[rows] = at_us
    state.erasures.pop(event.command_id, None)
    if upload := state.uploads.get(slot.upload_id):
        upload.state = "committed"
