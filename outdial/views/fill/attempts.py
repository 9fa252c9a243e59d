"""The attempts of one campaign that are not written yet, ninety bytes each, in the order of their claims."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
# Columns of the table `attempts`; texts are codes. `is_gone`: its record was deleted.
ATTEMPT: Final = np.dtype(
    [
        *((name, np.int32) for name in ("record", "attempt", "pass_number")),
        *((name, np.int64) for name in ("claimed_us", "originate_before_us")),
        *((name, np.int64) for name in ("ring_us", "answer_us", "connect_us", "hangup_us")),
        *((name, np.int32) for name in ("cause", "sip_code", "outcome", "agent", "caller_id", "zone")),
        ("is_gone", np.bool_),
    ]
)


class Attempts:
    """`rows` are the attempts from place `first` on; those before are in the table.

    `said` are their dispositions by place.
    """

    def __init__(self) -> None:
        self._rows: NDArray[Any] = np.zeros(0, ATTEMPT)
        self._count = 0
        self.first = 0
        self.said: dict[int, list[dict[str, Any]]] = {}

    @property
    def rows(self) -> NDArray[Any]:
        """Those that are held; to be changed in place."""
        return self._rows[: self._count]

    @property
    def size_bytes(self) -> int:
        """Memory, dispositions not counted."""
        return self._rows.nbytes

    def add(self, count: int) -> tuple[NDArray[Any], Numbers]:
        """So many new ones, all zero: their rows, and their places."""
        if self._count + count > len(self._rows):
            grown = np.zeros(max(self._count + count, len(self._rows) * 3 // 2, 1024), ATTEMPT)
            grown[: self._count] = self.rows
            self._rows = grown
        new = self._rows[self._count : self._count + count]
        new[:] = np.zeros(1, ATTEMPT)
        first = self.first + self._count
        self._count += count
        return new, np.arange(first, first + count)

    def search(self, record: int, attempt: int) -> int:
        """The place of an attempt that is held; -1 when it is not."""
        rows = self.rows
        found = np.flatnonzero((rows["record"] == record) & (rows["attempt"] == attempt) & ~rows["is_gone"])
        return self.first + int(found[-1]) if len(found) else -1

    def remove(self, records: Numbers) -> None:
        """The attempts of these records."""
        rows = self.rows
        gone = np.isin(rows["record"], records)
        rows["is_gone"] |= gone
        for place in np.flatnonzero(gone).tolist():
            self.said.pop(self.first + place, None)

    def forget(self, count: int) -> None:
        """Let go of the oldest, which have been written."""
        left = self.rows[count:].copy()
        for place in [place for place in self.said if place < self.first + count]:
            del self.said[place]
        self._rows, self._count = left, len(left)
        self.first += count
