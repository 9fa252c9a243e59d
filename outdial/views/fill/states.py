"""The record states of one campaign in memory: a row per record number, a hundred bytes each."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]
# Columns of the table `record_states`; texts are codes, `deleted_by` is the code + 1, 0 for null.
# `attempt_place`: where the last claim stands among the campaign's attempts.
STATE: Final = np.dtype(
    [
        *((name, np.bool_) for name in ("is_there", "is_open", "is_awaiting")),
        *((name, np.int32) for name in ("attempts", "claims", "pass_number", "claim_pass")),
        *((name, np.int32) for name in ("status", "reason", "disposition", "last_agent", "deleted_by")),
        *((name, np.int64) for name in ("last_attempt_us", "next_attempt_us", "updated_us", "attempt_place")),
        ("has_previous", np.bool_),
        ("previous_awaiting", np.bool_),
        *((f"previous_{name}", np.int32) for name in ("status", "reason", "disposition", "attempts", "pass")),
        ("previous_next_us", np.int64),
    ]
)
NOWHERE: Final = -1


class NotFillable(Exception):
    """The log holds what only the fold event by event takes in, or parks."""


class States:
    """`rows[number]` is the state of a record; `is_there` is false where there is none."""

    def __init__(self) -> None:
        self.rows: Rows = np.zeros(0, STATE)

    @property
    def size_bytes(self) -> int:
        """Memory."""
        return self.rows.nbytes

    def add(self, numbers: Numbers, created_us: int, pending: int) -> None:
        """New records, rising. Raises NotFillable when one of them is there already."""
        if not len(numbers):
            return
        self._reach(int(numbers[-1]) + 1)
        if int(numbers[0]) < 0 or self.rows["is_there"][numbers].any():
            raise NotFillable("a record is there twice")
        fresh = np.zeros(1, STATE)
        fresh["is_there"], fresh["pass_number"], fresh["status"] = True, 1, pending
        fresh["updated_us"], fresh["attempt_place"] = created_us, NOWHERE
        self.rows[numbers] = fresh

    def has(self, records: Numbers) -> Mask:
        """Which of these records there are."""
        inside = (records >= 0) & (records < len(self.rows))
        found = np.zeros(len(records), np.bool_)
        found[inside] = self.rows["is_there"][records[inside]]
        return found

    def of_set(self, numbers: Numbers) -> Numbers:
        """Those of a set that there are."""
        return numbers[self.has(numbers)]

    def there(self) -> Numbers:
        """All records that there are, in order."""
        return np.flatnonzero(self.rows["is_there"])

    def _reach(self, size: int) -> None:
        if size > len(self.rows):
            grown = np.zeros(max(size, len(self.rows) * 3 // 2, 1024), STATE)
            grown[: len(self.rows)] = self.rows
            self.rows = grown
