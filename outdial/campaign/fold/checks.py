"""Record numbers of events as rows of the book; refuses numbers that were never given."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from outdial.campaign import record_sets
from outdial.campaign.book import RecordBook


class Unappliable(ValueError):
    """The event cannot follow this history: it would have to be made by another program than ours."""


def rows_of(book: RecordBook, records: Sequence[int]) -> npt.NDArray[np.int64]:
    """The rows of a column of record numbers; Unappliable when one was never given or stands twice."""
    rows = np.asarray(records, np.int64)
    if len(rows) and (np.min(rows) < 1 or np.max(rows) >= book.size):
        raise Unappliable(f"record numbers from {np.min(rows)} to {np.max(rows)}, {book.size - 1} were given")
    if len(rows) > 1 and len(np.unique(rows)) != len(rows):
        raise Unappliable("a record stands twice in one batch")
    return rows


def known_rows(book: RecordBook, records: bytes) -> npt.NDArray[np.int64]:
    """The rows of a record set; Unappliable as `rows_of`."""
    chosen = record_sets.from_bytes(records)
    if chosen and (chosen.min() < 1 or chosen.max() >= book.size):
        raise Unappliable(f"records from {chosen.min()} to {chosen.max()}, {book.size - 1} were given")
    return np.frombuffer(chosen.to_array(), np.uint32).astype(np.int64)
