"""The record book: what the rules need to know of each record, in numpy columns of 57 bytes a record.

Mutable: evolve writes into it. Records are numbered in order of upload; numbers are never reused.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from outdial.campaign.codes import CodeTable

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

PENDING, SUCCESS, FAIL, COMPLETE = range(4)
STATUSES: Final = ("Pending", "Success", "Fail", "Complete")

PRESENT = 1  # of a committed upload, not deleted
LOADED = 2  # of an open upload
OPEN = 4  # an attempt is claimed and has not ended
AWAITS = 8  # answered, its disposition is missing
CALLBACK = 16  # due at the time that was promised
IN_PASS = 32  # the last claim is of the current pass
HIDDEN = 64  # deleted, within the grace time

COLUMNS: Final[Mapping[str, Any]] = {
    "flags": np.uint8,
    "status": np.uint8,
    "priority": np.uint8,
    "reason": np.uint16,
    "disposition": np.uint16,
    "agent": np.uint16,
    "last_agent": np.uint16,
    "skill": np.uint16,
    "zone": np.uint16,
    "attempts": np.uint16,  # of the pass, counted ones
    "tries": np.uint16,  # of the pass, every claim that was not withdrawn
    "dialled": np.uint16,  # for life, counted ones
    "claims": np.uint16,  # for life: n of the last attempt id
    "pass_number": np.uint16,
    "due_us": np.int64,
    "last_attempt_us": np.int64,
    "updated_us": np.int64,
    "expires_us": np.int64,  # 0 = never
}
# what an undo brings back
RESTORED: Final = ("flags", "status", "reason", "disposition", "attempts", "tries", "pass_number", "due_us")


class RecordBook:
    """Columns by name as attributes of `columns`; `size` is the number that the next record gets."""

    def __init__(self) -> None:
        self.size = 0
        self.columns: dict[str, NDArray[Any]] = {
            name: np.zeros(64, dtype) for name, dtype in COLUMNS.items()
        }
        self.reasons, self.dispositions = CodeTable(), CodeTable()
        self.agents, self.skills, self.zones = CodeTable(), CodeTable(), CodeTable()

    def column(self, name: str) -> NDArray[Any]:
        """The live part of a column; a view, not a copy."""
        return self.columns[name][: self.size]

    def extend(self, count: int, flags: int) -> Rows:
        """Append records with `flags`; returns their numbers."""
        first, end = self.size, self.size + count
        if end > len(self.columns["flags"]):
            grown = max(end, len(self.columns["flags"]) * 2)
            for name, column in self.columns.items():
                self.columns[name] = np.concatenate([column, np.zeros(grown - len(column), column.dtype)])
        self.size = end
        rows = np.arange(first, end, dtype=np.int64)
        self.columns["flags"][first:end] = flags
        self.columns["pass_number"][first:end] = 1
        return rows

    def has(self, flag: int) -> Mask:
        """Which records have a flag."""
        found: Mask = (self.column("flags") & flag) != 0
        return found

    def present(self) -> Mask:
        """Which records exist for people: of a committed upload, not deleted."""
        return (self.column("flags") & (PRESENT | HIDDEN)) == PRESENT

    def is_present(self, record: int) -> bool:
        """Whether one record exists, be it of an upload that is still open."""
        return record < self.size and bool(self.columns["flags"][record] & (PRESENT | LOADED))

    def active(self) -> Mask:
        """Pending, not final, no call up: never dialled in this pass, waiting for retry, or callback."""
        idle = (self.column("flags") & (OPEN | AWAITS)) == 0
        return self.present() & idle & (self.column("status") == PENDING)

    def set_flags(self, rows: Rows, on: int = 0, off: int = 0) -> None:
        """Switch flags of some records."""
        flags = self.columns["flags"]
        flags[rows] = (flags[rows] & np.uint8(0xFF ^ off)) | np.uint8(on)


def rows_of(records: bytes) -> Rows:
    """The numbers of a serialised record set."""
    return np.array(BitMap.deserialize(records), dtype=np.int64)


def record_set(mask: Mask) -> BitMap:
    """The record set of a mask."""
    return BitMap(np.flatnonzero(mask).astype(np.uint32))
