"""A do-not-call list's state as bytes and back: equal states give equal bytes. A cache format, free to change.

Layout: magic, length of the header (8 bytes, big-endian), header (JSON), the entries as a roaring bitmap.
"""

import json
from hashlib import sha256
from typing import Any, Final

from pyroaring import BitMap

from outdial.campaign import record_sets
from outdial.campaign.snapshot import SnapshotInvalid
from outdial.campaign.state import ChunkRef, Erasure
from outdial.donotcall.state import DoNotCallList

MAGIC: Final = b"outdial-donotcall-1"
_LENGTH_BYTES: Final = 8
_PLAIN: Final = ("list_id", "name", "sequence", "created_us", "updated_us", "size")


def to_bytes(state: DoNotCallList) -> bytes:
    """The whole state."""
    header = {
        **{name: getattr(state, name) for name in _PLAIN},
        "chunks": [_chunk(chunk) for chunk in state.chunks],
        "attempts": sorted(state.attempts),
        "erasures": [_erasure(one) for one in state.erasures.values()],
    }
    head = json.dumps(header, sort_keys=True).encode()
    return b"".join(
        [MAGIC, len(head).to_bytes(_LENGTH_BYTES, "big"), head, record_sets.to_bytes(state.entries)]
    )


def from_bytes(data: bytes) -> DoNotCallList:
    """The state again; SnapshotInvalid when the bytes are damaged, cut short, or of another version."""
    start = len(MAGIC) + _LENGTH_BYTES
    if not data.startswith(MAGIC):
        raise SnapshotInvalid("no snapshot: another format")
    end = start + int.from_bytes(data[len(MAGIC) : start], "big")
    try:
        return _state(json.loads(data[start:end]), record_sets.from_bytes(data[end:]))
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotInvalid(f"no snapshot: {error!r}") from error


def fingerprint(state: DoNotCallList) -> str:
    """SHA-256 of the whole state as hex: two folds of one history agree in it."""
    return sha256(to_bytes(state)).hexdigest()


def _state(header: dict[str, Any], entries: BitMap) -> DoNotCallList:
    return DoNotCallList(
        **{name: header[name] for name in _PLAIN},
        entries=entries,
        chunks=[_read_chunk(*one) for one in header["chunks"]],
        attempts=set(header["attempts"]),
        erasures={one["erasure_id"]: _read_erasure(**one) for one in header["erasures"]},
    )


def _chunk(chunk: ChunkRef) -> list[Any]:
    rows = len(chunk.block_rows) if isinstance(chunk.block_rows, range) else list(chunk.block_rows)
    return [chunk.block_id, chunk.block_offset, chunk.first_record, rows, chunk.block_size]


def _read_chunk(block_id: str, offset: int, first: int, rows: int | list[int], size: int) -> ChunkRef:
    return ChunkRef("", block_id, offset, first, range(rows) if isinstance(rows, int) else tuple(rows), size)


def _erasure(one: Erasure) -> dict[str, Any]:
    entries = record_sets.to_bytes(one.records).hex()
    return {
        "erasure_id": one.erasure_id,
        "entries": entries,
        "decided_us": one.decided_us,
        "due_us": one.due_us,
        "confirmed": sorted(one.confirmed),
    }


def _read_erasure(
    erasure_id: str, entries: str, decided_us: int, due_us: int, confirmed: list[str]
) -> Erasure:
    records = record_sets.from_bytes(bytes.fromhex(entries))
    return Erasure(erasure_id, records, decided_us, due_us, frozenset(confirmed))
