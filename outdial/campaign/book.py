"""The record book: the state of every record of a campaign in columns, 63 bytes a record, numbered from 1."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap, BitMap64

from outdial.campaign.names import Names
from outdial.campaign.vocabulary import PENDING

Rows = npt.NDArray[np.int64] | slice
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.uint32]

MAX_RECORDS: Final = 5_000_000
# Flags of a record.
VISIBLE: Final = 1  # its upload is committed
DELETED: Final = 2
VOID: Final = 4  # its upload came to nothing; the number is never reused
OPEN: Final = 8  # claimed, and nobody knows yet how it ended: a call may be up
AWAITING: Final = 16  # answered, waits for its disposition
DISPOSED: Final = 32  # the last attempt has a disposition
CLOSING: Final = 64  # Force Complete came while its call was up: whatever follows is final
_PRESENT: Final = VISIBLE | DELETED | VOID
_ACTIVE: Final = _PRESENT | OPEN | AWAITING
_MANY_EDGES: Final = 2000
# An attempt as one number: record and n of the attempt id `campaign.record.n`.
ATTEMPT_BITS: Final = 24

COLUMNS: Final[Mapping[str, str]] = {
    "status": "u1",
    "flags": "u1",
    "reason": "u1",
    "priority": "u1",
    "uncounted": "u1",  # attempts of the pass that do not count (congestion)
    "disposition": "u2",
    "skill": "u2",
    "zone": "u2",  # 0 = the campaign's
    "attempts": "u2",  # counted, of the pass
    "lifetime": "u2",  # counted, for life
    "pass_number": "u2",
    "claim_pass": "u2",  # pass of the last claim
    "agent": "u4",
    "last_agent": "u4",
    "claims": "u4",  # n of the last attempt id
    "due_us": "i8",  # dialled no sooner; 0 = at once
    "last_attempt_us": "i8",  # 0 = never
    "updated_us": "i8",
    "expires_us": "i8",  # last instant it may be dialled; 0 = never expires
}


@dataclass(slots=True)
class Tally:
    """How many records are there (visible, not deleted), active, with a call up, waiting for a disposition."""

    present: int = 0
    active: int = 0
    open: int = 0
    awaiting: int = 0


class RecordBook:
    """Columns as numpy arrays of capacity `len(flags)`; row 0 is no record. Only `evolve` changes it."""

    status: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint8]
    reason: npt.NDArray[np.uint8]
    priority: npt.NDArray[np.uint8]
    uncounted: npt.NDArray[np.uint8]
    disposition: npt.NDArray[np.uint16]
    skill: npt.NDArray[np.uint16]
    zone: npt.NDArray[np.uint16]
    attempts: npt.NDArray[np.uint16]
    lifetime: npt.NDArray[np.uint16]
    pass_number: npt.NDArray[np.uint16]
    claim_pass: npt.NDArray[np.uint16]
    agent: npt.NDArray[np.uint32]
    last_agent: npt.NDArray[np.uint32]
    claims: npt.NDArray[np.uint32]
    due_us: npt.NDArray[np.int64]
    last_attempt_us: npt.NDArray[np.int64]
    updated_us: npt.NDArray[np.int64]
    expires_us: npt.NDArray[np.int64]

    def __init__(self) -> None:
        self.size = 1  # the next record number
        self.tally = Tally()
        self.dispositions, self.agents, self.skills, self.zones = Names(), Names(), Names(), Names()
        self.originate_before_us: dict[int, int] = {}  # of records with a call up
        # Attempts that a later, definite outcome may still correct; and older ones that have a disposition.
        self.withdrawn, self.unknown, self.disposed = BitMap64(), BitMap64(), BitMap64()
        for name, kind in COLUMNS.items():
            setattr(self, name, np.zeros(1, kind))

    def column(self, name: str) -> npt.NDArray[Any]:
        """One column, rows 0 to `size`."""
        found: npt.NDArray[Any] = getattr(self, name)[: self.size]
        return found

    def grow(self, count: int) -> slice:
        """Reserve the next `count` record numbers; returns their rows, all zero."""
        first, self.size = self.size, self.size + count
        if self.size > len(self.flags):
            capacity = max(1024, len(self.flags) * 2, self.size)
            for name, kind in COLUMNS.items():
                larger = np.zeros(capacity, kind)
                larger[:first] = getattr(self, name)[:first]
                setattr(self, name, larger)
        return slice(first, self.size)

    @contextmanager
    def changing(self, rows: Rows) -> Iterator[None]:
        """Keep the tally right while these rows change. No row may stand twice in `rows`."""
        self._count(rows, -1)
        yield
        self._count(rows, 1)

    def _count(self, rows: Rows, sign: int) -> None:
        flags, status = self.flags[rows], self.status[rows]
        present = (flags & _PRESENT) == VISIBLE
        tally = self.tally
        tally.present += sign * int(np.count_nonzero(present))
        tally.active += sign * int(np.count_nonzero(((flags & _ACTIVE) == VISIBLE) & (status == PENDING)))
        tally.open += sign * int(np.count_nonzero(flags & OPEN))
        tally.awaiting += sign * int(np.count_nonzero((flags & AWAITING > 0) & present))

    def is_record(self, number: int) -> bool:
        """Whether the number was ever given to a record that counts; deleted ones included."""
        return 0 < number < self.size and not self.flags[number] & VOID

    def is_present(self, number: int) -> bool:
        """Whether there is such a record, visible or in an open upload: neither deleted nor void."""
        return 0 < number < self.size and not self.flags[number] & (DELETED | VOID)

    def is_active(self, number: int) -> bool:
        """Whether one record may still be dialled in this pass and has no call up."""
        is_free = 0 < number < self.size and (self.flags[number] & _ACTIVE) == VISIBLE
        return bool(is_free and self.status[number] == PENDING)

    def is_awaiting(self, number: int) -> bool:
        """Whether one present record waits for a disposition."""
        return bool(self.flags[number] & AWAITING) and bool((self.flags[number] & _PRESENT) == VISIBLE)

    def present(self) -> Mask:
        """Mask over all rows: visible and not deleted."""
        found: Mask = (self.column("flags") & _PRESENT) == VISIBLE
        return found

    def active(self) -> Mask:
        """Mask over all rows: Pending, not final, no call up, no disposition awaited."""
        is_free = (self.column("flags") & _ACTIVE) == VISIBLE
        found: Mask = is_free & (self.column("status") == PENDING)
        return found

    def flagged(self, flag: int) -> Mask:
        """Mask over all rows: present records that have the flag."""
        found: Mask = (self.column("flags") & flag > 0) & self.present()
        return found


def attempt_key(record: int, attempt: int) -> int:
    """An attempt as one number, for sets of attempts."""
    return record << ATTEMPT_BITS | attempt


def attempt_keys(records: npt.NDArray[Any], attempts: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Many attempts as numbers."""
    return records.astype(np.uint64) << np.uint64(ATTEMPT_BITS) | attempts.astype(np.uint64)


def numbers_of(records: BitMap) -> Numbers:
    """The numbers of a record set, ascending."""
    return np.frombuffer(records.to_array(), np.uint32)


def set_of(mask: Mask) -> BitMap:
    """The record set of a mask over all rows."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    if len(edges) > _MANY_EDGES:
        return BitMap(np.flatnonzero(mask).astype(np.uint32))
    found = BitMap()  # whole ranges are added ten times as fast as their members
    for first, end in edges.reshape(-1, 2).tolist():
        found.add_range(first, end)
    return found
