"""A campaign's state as bytes and back: equal states give equal bytes. A cache format, free to change.

Layout: magic, length of the header (8 bytes, big-endian), header (JSON), buffers (little-endian) in the header's order.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap, BitMap64

from outdial.campaign.book import COLUMNS, RecordBook, Tally, numbers_of
from outdial.campaign.names import Names
from outdial.campaign.positions import Position
from outdial.campaign.settings import AbandonLimit, CallingWindow, CampaignSettings, Disposition, RetryRule
from outdial.campaign.state import (
    BlockRef,
    CampaignState,
    ChunkRef,
    DeleteSlot,
    Erasure,
    UndoSlot,
    Upload,
)

MAGIC: Final = b"outdial-campaign-1"
_LENGTH_BYTES: Final = 8
_PLAIN: Final = (
    "campaign_id",
    "version",
    "sequence",
    "created_us",
    "updated_us",
    "dialer_epoch",
)
_NAMES: Final = ("dispositions", "agents", "skills", "zones")
_SETS: Final = ("withdrawn", "unknown", "disposed")
Buffers = dict[str, npt.NDArray[Any]]


class SnapshotInvalid(ValueError):
    """The bytes are no snapshot of this version: ignore it and replay."""


def to_bytes(state: CampaignState) -> bytes:
    """The whole state."""
    buffers: Buffers = {f"book.{name}": state.book.column(name) for name in COLUMNS}
    header = {
        **{name: getattr(state, name) for name in _PLAIN},
        "position": str(state.position),
        "settings": None if state.settings is None else asdict(state.settings),
        "book": _book(state.book, buffers),
        "uploads": [asdict(upload) for upload in state.uploads.values()],
        "chunks": [_chunk(chunk) for chunk in state.chunks],
        "further_blocks": [asdict(ref) for ref in state.further_blocks],
        "undo": None if state.undo is None else _undo(state.undo, buffers),
        "deletes": [_delete(slot, buffers) for slot in state.deletes.values()],
        "erasures": [_erasure(erasure, buffers) for erasure in state.erasures.values()],
    }
    shapes = {name: [buffer.dtype.str, len(buffer)] for name, buffer in buffers.items()}
    head = json.dumps({**header, "buffers": shapes}, sort_keys=True).encode()
    parts = [MAGIC, len(head).to_bytes(_LENGTH_BYTES, "big"), head]
    return b"".join([*parts, *(np.ascontiguousarray(buffer).tobytes() for buffer in buffers.values())])


def from_bytes(data: bytes) -> CampaignState:
    """The state again; SnapshotInvalid when the bytes are damaged, cut short, or of another version."""
    try:
        header, buffers = _read(data)
        return _state(header, buffers)
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotInvalid(f"no snapshot: {error!r}") from error


def fingerprint(state: CampaignState) -> str:
    """SHA-256 of the whole state as hex: two folds of one history agree in it."""
    return sha256(to_bytes(state)).hexdigest()


def _read(data: bytes) -> tuple[dict[str, Any], Buffers]:
    start = len(MAGIC) + _LENGTH_BYTES
    if not data.startswith(MAGIC):
        raise ValueError("another format")
    end = start + int.from_bytes(data[len(MAGIC) : start], "big")
    header: dict[str, Any] = json.loads(data[start:end])
    buffers: Buffers = {}
    # The order of the buffers is theirs in the data, not the sorted one of the header.
    for name in _order(header):
        kind, count = header["buffers"][name]
        size = np.dtype(kind).itemsize * count
        if end + size > len(data):
            raise ValueError("cut short")
        buffers[name] = np.frombuffer(data, kind, count, end).copy()
        end += size
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes after the end")
    return header, buffers


def _order(header: Mapping[str, Any]) -> Iterable[str]:
    names = [f"book.{name}" for name in COLUMNS] + [f"book.{name}" for name in _SETS]
    if header["undo"] is not None:
        names += ["undo.numbers", "undo.records", *(f"undo.{name}" for name in header["undo"]["columns"])]
    names += [f"delete.{slot['command_id']}" for slot in header["deletes"]]
    return names + [f"erasure.{erasure['erasure_id']}" for erasure in header["erasures"]]


def _book(book: RecordBook, buffers: Buffers) -> dict[str, Any]:
    for name in _SETS:
        buffers[f"book.{name}"] = np.array(getattr(book, name).to_array(), np.uint64)
    return {
        "size": book.size,
        "tally": asdict(book.tally),
        "names": {name: getattr(book, name).all() for name in _NAMES},
        "originate_before_us": sorted(book.originate_before_us.items()),
    }


def _chunk(chunk: ChunkRef) -> list[Any]:
    rows = chunk.block_rows
    kept = len(rows) if isinstance(rows, range) else list(rows)
    return [chunk.upload_id, chunk.block_id, chunk.block_offset, chunk.first_record, kept, chunk.block_size]


def _undo(slot: UndoSlot, buffers: Buffers) -> dict[str, Any]:
    buffers["undo.numbers"], buffers["undo.records"] = slot.numbers, numbers_of(slot.records)
    buffers.update({f"undo.{name}": values for name, values in slot.columns.items()})
    return {
        "command_id": slot.command_id,
        "command_type": slot.command_type,
        "position": str(slot.position),
        "columns": list(slot.columns),
    }


def _delete(slot: DeleteSlot, buffers: Buffers) -> dict[str, Any]:
    buffers[f"delete.{slot.command_id}"] = numbers_of(slot.records)
    names = ("command_id", "upload_id", "recoverable_until_us", "version")
    return {**{name: getattr(slot, name) for name in names}, "position": str(slot.position)}


def _erasure(erasure: Erasure, buffers: Buffers) -> dict[str, Any]:
    buffers[f"erasure.{erasure.erasure_id}"] = numbers_of(erasure.records)
    return {
        "erasure_id": erasure.erasure_id,
        "decided_us": erasure.decided_us,
        "due_us": erasure.due_us,
        "confirmed": sorted(erasure.confirmed),
    }


def _state(header: dict[str, Any], buffers: Buffers) -> CampaignState:
    return CampaignState(
        **{name: header[name] for name in _PLAIN},
        position=Position(header["position"]),
        settings=None if header["settings"] is None else _settings(header["settings"]),
        book=_read_book(header["book"], buffers),
        uploads={one["upload_id"]: _upload(one) for one in header["uploads"]},
        chunks=[_read_chunk(*one) for one in header["chunks"]],
        further_blocks=[BlockRef(**one) for one in header["further_blocks"]],
        undo=None if header["undo"] is None else _read_undo(header["undo"], buffers),
        deletes={one["command_id"]: _read_delete(one, buffers) for one in header["deletes"]},
        erasures={one["erasure_id"]: _read_erasure(one, buffers) for one in header["erasures"]},
    )


def _settings(values: dict[str, Any]) -> CampaignSettings:
    lists = {
        "dispositions": tuple(Disposition(**one) for one in values["dispositions"]),
        "retry": tuple(RetryRule(**one) for one in values["retry"]),
        "calling_window": tuple(
            CallingWindow(**{**one, "days": tuple(one["days"])}) for one in values["calling_window"]
        ),
        "abandon": AbandonLimit(**values["abandon"]),
    }
    texts = {name: tuple(values[name]) for name in ("columns", "agents", "skills")}
    return CampaignSettings(**{**values, **texts, **lists})


def _read_book(values: dict[str, Any], buffers: Buffers) -> RecordBook:
    book = RecordBook()
    book.size, book.tally = values["size"], Tally(**values["tally"])
    for name in COLUMNS:
        if len(buffers[f"book.{name}"]) != book.size:
            raise ValueError(f"column {name} has another length than the book")
        setattr(book, name, buffers[f"book.{name}"])
    for name in _NAMES:
        setattr(book, name, Names(values["names"][name]))
    for name in _SETS:
        setattr(book, name, BitMap64(buffers[f"book.{name}"]))
    book.originate_before_us = dict(values["originate_before_us"])
    return book


def _upload(values: dict[str, Any]) -> Upload:
    return Upload(**{**values, "new_columns": tuple(values["new_columns"])})


def _read_chunk(
    upload_id: str, block_id: str, offset: int, first_record: int, rows: int | list[int], block_size: int
) -> ChunkRef:
    kept = range(rows) if isinstance(rows, int) else tuple(rows)
    return ChunkRef(upload_id, block_id, offset, first_record, kept, block_size)


def _read_undo(values: dict[str, Any], buffers: Buffers) -> UndoSlot:
    return UndoSlot(
        command_id=values["command_id"],
        command_type=values["command_type"],
        position=Position(values["position"]),
        records=BitMap(buffers["undo.records"]),
        numbers=buffers["undo.numbers"],
        columns={name: buffers[f"undo.{name}"] for name in values["columns"]},
    )


def _read_delete(values: dict[str, Any], buffers: Buffers) -> DeleteSlot:
    records = BitMap(buffers[f"delete.{values['command_id']}"])
    return DeleteSlot(**{**values, "position": Position(values["position"])}, records=records)


def _read_erasure(values: dict[str, Any], buffers: Buffers) -> Erasure:
    records = BitMap(buffers[f"erasure.{values['erasure_id']}"])
    confirmed = frozenset(values["confirmed"])
    return Erasure(values["erasure_id"], records, values["decided_us"], values["due_us"], confirmed)
