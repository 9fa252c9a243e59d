"""Uploads: begin, chunks in strict order, commit, reject, abandon. Idempotent by (upload, chunk)."""

from dataclasses import dataclass, field
from typing import Final

from outdial.campaign.book import MAX_RECORDS
from outdial.campaign.columns import pick
from outdial.campaign.commands import (
    AbandonUpload,
    AddRecords,
    BeginUpload,
    CommitUpload,
    RejectUpload,
)
from outdial.campaign.decision import Context, Decided, Rejection, invalid
from outdial.campaign.events import (
    RecordsAdded,
    UploadAbandoned,
    UploadBegun,
    UploadCommitted,
    UploadRejected,
)
from outdial.campaign.phones import owners
from outdial.campaign.rules.settings_checks import check_columns
from outdial.campaign.rules.upload_checks import check_rows
from outdial.campaign.state import CampaignState, Upload

MODES: Final = ("accept-valid", "all-or-nothing")
DUPLICATES: Final = ("skip", "allow")
IN_FILE: Final = "duplicate-in-file"
IN_CAMPAIGN: Final = "duplicate-in-campaign"


@dataclass(slots=True)
class _Sorted:
    """Places of the chunk's rows that become records, and of the others with their codes."""

    new: list[int] = field(default_factory=list)
    duplicate: list[int] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


def begin(state: CampaignState, command: BeginUpload, context: Context) -> Decided:
    """One upload is open at a time; its undeclared columns must be announced."""
    if known := state.uploads.get(command.upload_id):
        return [] if known.is_open else _closed(known)
    if upload := state.open_upload:
        return Rejection("upload-in-progress", {"upload_id": upload.upload_id})
    if problem := _check_begin(state, command):
        return problem
    return [
        UploadBegun(
            upload_id=command.upload_id,
            file_name=command.file_name,
            file_sha256=command.file_sha256,
            file_size=command.file_size,
            duplicates=command.duplicates,
            mode=command.mode,
            columns=command.columns,
            new_columns=command.new_columns,
        )
    ]


def _check_begin(state: CampaignState, command: BeginUpload) -> Rejection | None:
    for name, value, known in (("mode", command.mode, MODES), ("duplicates", command.duplicates, DUPLICATES)):
        if value not in known:
            detail = f"{value!r}: known are {', '.join(known)}"
            return invalid("request-invalid", (f"#/{name}", "unknown", detail))
    declared = [*state.required_settings.columns, *command.new_columns]
    if unknown := [name for name in command.columns if name not in declared]:
        return Rejection("column-unknown", {"columns": unknown, "known": declared})
    if unused := [name for name in command.new_columns if name not in command.columns]:
        detail = f"{', '.join(unused)}: no column of the file"
        return invalid("request-invalid", ("#/new_columns", "unknown", detail))
    if problems := check_columns(tuple(dict.fromkeys(declared)), "#/new_columns"):
        return invalid("request-invalid", *problems)
    return None


def add(state: CampaignState, command: AddRecords, context: Context) -> Decided:
    """The chunk's rows become records, numbered on from the last; duplicates are skipped if the upload says so."""
    upload = state.uploads.get(command.upload_id)
    if upload is None:
        return Rejection("upload-unknown", {"upload_id": command.upload_id})
    if command.chunk < upload.chunks:
        return []
    if not upload.is_open:
        return _closed(upload)
    if problem := _check_chunk(state, upload, command):
        return problem
    return [_added(state, command, _sort(state, upload, command, context))]


def _check_chunk(state: CampaignState, upload: Upload, command: AddRecords) -> Rejection | None:
    if command.chunk > upload.chunks:
        return _out_of_order(upload)
    if problems := check_rows(command):
        return invalid("request-invalid", *problems)
    if state.book.size - 1 + len(command.row) > MAX_RECORDS:
        return Rejection("too-many-records", {"limit": MAX_RECORDS})
    return None


def _sort(state: CampaignState, upload: Upload, command: AddRecords, context: Context) -> _Sorted:
    count, found = len(command.row), _Sorted()
    hashes = context.phone_hashes
    if upload.duplicates == "allow" or not hashes:
        found.new.extend(range(count))
        return found
    if len(hashes) != count:
        raise ValueError(f"{len(hashes)} phone hashes for {count} rows")
    seen: set[int] = set()
    for place, (mark, owner) in enumerate(zip(hashes, owners(context.phone_owner, hashes), strict=True)):
        is_held = owner is not None and state.book.is_present(owner)
        if mark in seen or (is_held and owner is not None and owner >= upload.first_record):
            _skip(found, place, IN_FILE)
        elif is_held:
            _skip(found, place, IN_CAMPAIGN)
        else:
            found.new.append(place)
        seen.add(mark)
    return found


def _skip(found: _Sorted, place: int, code: str) -> None:
    found.duplicate.append(place)
    found.codes.append(code)


def _added(state: CampaignState, command: AddRecords, found: _Sorted) -> RecordsAdded:
    places = found.new
    return RecordsAdded(
        upload_id=command.upload_id,
        chunk=command.chunk,
        block_id=command.block_id,
        block_offset=command.block_offset,
        first_record=state.book.size,
        row=pick(command.row, places),
        block_row=places if found.duplicate else (),
        priority=pick(command.priority, places),
        expires_us=pick(command.expires_us, places),
        agent=pick(command.agent, places),
        skill=pick(command.skill, places),
        zone=pick(command.zone, places),
        commitment=pick(command.commitment, places),
        duplicate_row=pick(command.row, found.duplicate),
        duplicate_code=found.codes,
        invalid_block_id=command.invalid_block_id,
        invalid_block_offset=command.invalid_block_offset,
        invalid_row=command.invalid_row,
        invalid_code=command.invalid_code,
        invalid_column=command.invalid_column,
    )


def commit(state: CampaignState, command: CommitUpload, context: Context) -> Decided:
    """All records become visible at once, or none when one row was invalid and all-or-nothing was asked for."""
    upload = state.uploads.get(command.upload_id)
    if upload is None:
        return Rejection("upload-unknown", {"upload_id": command.upload_id})
    if upload.state == "committed":
        return []
    if not upload.is_open:
        return _closed(upload)
    if command.chunks != upload.chunks or command.read != upload.read:
        return _out_of_order(upload)
    if upload.mode == "all-or-nothing" and upload.invalid:
        return [_rejected(upload, "rows-invalid", "")]
    counts = (upload.read, upload.accepted, upload.duplicate, upload.invalid)
    return [UploadCommitted(upload.upload_id, *counts)]


def reject(state: CampaignState, command: RejectUpload, context: Context) -> Decided:
    """Nothing of the upload stays; its record numbers are never used again."""
    upload = state.uploads.get(command.upload_id)
    if upload is None:
        return Rejection("upload-unknown", {"upload_id": command.upload_id})
    if upload.state in ("rejected", "withdrawn", "abandoned"):
        return []
    return [_rejected(upload, command.code, command.column)] if upload.is_open else _closed(upload)


def abandon(state: CampaignState, command: AbandonUpload, context: Context) -> Decided:
    """The uploader is gone: nothing came since the instant that the command names."""
    upload = state.uploads.get(command.upload_id)
    if upload is None:
        return Rejection("upload-unknown", {"upload_id": command.upload_id})
    if not upload.is_open or upload.touched_us > command.idle_since_us:
        return []
    return [UploadAbandoned(upload.upload_id, upload.first_record, upload.records)]


def _rejected(upload: Upload, code: str, column: str) -> UploadRejected:
    return UploadRejected(upload.upload_id, code, column, upload.first_record, upload.records)


def _closed(upload: Upload) -> Rejection:
    return Rejection("upload-closed", {"upload_id": upload.upload_id, "state": upload.state})


def _out_of_order(upload: Upload) -> Rejection:
    """What the uploader needs to go on: the next chunk, and the rows accounted for so far."""
    return Rejection(
        "chunk-out-of-order", {"upload_id": upload.upload_id, "expected": upload.chunks, "read": upload.read}
    )
