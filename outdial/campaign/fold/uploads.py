"""Folds uploads: begun, chunks, committed, rejected, abandoned."""

from collections.abc import Sequence
from dataclasses import replace

from outdial.campaign.book import VISIBLE, VOID, RecordBook
from outdial.campaign.chunk_counts import refused
from outdial.campaign.columns import column
from outdial.campaign.events import (
    RecordsAdded,
    UploadAbandoned,
    UploadBegun,
    UploadCommitted,
    UploadRejected,
)
from outdial.campaign.fold.checks import Unappliable
from outdial.campaign.positions import Position
from outdial.campaign.state import BlockRef, CampaignState, ChunkRef, Upload


def upload_begun(state: CampaignState, event: UploadBegun, at_us: int) -> None:
    """An upload is open; its records will follow the last number given."""
    state.uploads[event.upload_id] = Upload(
        upload_id=event.upload_id,
        file_name=event.file_name,
        duplicates=event.duplicates,
        mode=event.mode,
        new_columns=tuple(event.new_columns),
        begun_us=at_us,
        touched_us=at_us,
        first_record=state.book.size,
    )


def records_added(state: CampaignState, event: RecordsAdded, at_us: int) -> None:
    """The chunk's rows are records, not visible yet."""
    upload = _upload(state, event.upload_id)
    if event.first_record != state.book.size:
        raise Unappliable(f"record {event.first_record} does not follow {state.book.size - 1}")
    _add_rows(state.book, event, upload.begun_us)
    count, duplicates = len(event.row), len(event.duplicate_row)
    upload.touched_us = at_us
    upload.chunks = event.chunk + 1
    upload.records += count
    upload.accepted += count
    others = refused(event)
    upload.duplicate += others.duplicate
    upload.invalid += others.invalid
    if count:
        rows = _block_rows(event.block_row, count)
        size = count + duplicates
        state.chunks.append(
            ChunkRef(event.upload_id, event.block_id, event.block_offset, event.first_record, rows, size)
        )
    elif event.block_id:  # duplicates only: kept as long as rejected rows are
        state.further_blocks.append(BlockRef(event.block_id, event.block_offset, event.upload_id, 0))
    if event.invalid_block_id:
        ref = BlockRef(event.invalid_block_id, event.invalid_block_offset, event.upload_id, 0)
        state.further_blocks.append(ref)


def upload_committed(state: CampaignState, event: UploadCommitted, at_us: int) -> None:
    """All records of the upload are visible at once; new data makes a completed campaign ready."""
    upload, book = _upload(state, event.upload_id), state.book
    rows = slice(upload.first_record, upload.first_record + upload.records)
    with book.changing(rows):
        book.flags[rows] |= VISIBLE
    upload.state, upload.touched_us = "committed", at_us
    if upload.new_columns and state.settings is not None:
        columns = [*state.settings.columns, *upload.new_columns]
        state.settings = replace(state.settings, columns=tuple(dict.fromkeys(columns)))
    if event.accepted and state.position is Position.COMPLETED:
        state.position = Position.READY


def upload_rejected(state: CampaignState, event: UploadRejected, at_us: int) -> None:
    """Nothing of the upload stays but the account of its rows."""
    upload = _void(state, event.upload_id, at_us)
    upload.state = "withdrawn" if event.code == "withdrawn" else "rejected"
    upload.code, upload.column = event.code, event.column


def upload_abandoned(state: CampaignState, event: UploadAbandoned, at_us: int) -> None:
    """As rejected; its uploader was gone."""
    _void(state, event.upload_id, at_us).state = "abandoned"


def _void(state: CampaignState, upload_id: str, at_us: int) -> Upload:
    upload = _upload(state, upload_id)
    state.book.flags[upload.first_record : upload.first_record + upload.records] |= VOID
    state.chunks = [chunk for chunk in state.chunks if chunk.upload_id != upload_id]
    upload.touched_us = at_us
    return upload


def _upload(state: CampaignState, upload_id: str) -> Upload:
    upload = state.uploads.get(upload_id)
    if upload is None:
        raise Unappliable(f"upload {upload_id} was never begun")
    return upload


def _add_rows(book: RecordBook, event: RecordsAdded, created_us: int) -> None:
    count = len(event.row)
    rows = book.grow(count)
    book.priority[rows] = column(event.priority, count, 1)
    book.expires_us[rows] = column(event.expires_us, count, 0)
    book.pass_number[rows] = 1
    book.updated_us[rows] = created_us
    if event.agent:
        book.agent[rows] = book.agents.codes(event.agent)
    if event.skill:
        book.skill[rows] = book.skills.codes(event.skill)
    if event.zone:
        book.zone[rows] = book.zones.codes(event.zone)


def _block_rows(block_row: Sequence[int], count: int) -> range | tuple[int, ...]:
    rows = tuple(block_row) or tuple(range(count))
    return range(count) if rows == tuple(range(count)) else rows
