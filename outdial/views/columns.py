"""Columns and record sets of an event in the form that SQL takes."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import numpy as np

from outdial.campaign import record_sets

T = TypeVar("T")
Ranges = tuple[list[int], list[int]]
REPLACEMENT: Final = "\ufffd"


def filled(values: Sequence[T], count: int, default: T) -> Sequence[T]:
    """The column; an empty one stands for its default in every row."""
    return values or [default] * count


def ranges(records: bytes) -> Ranges:
    """A serialised record set as first and last numbers of its runs: a million records are often one."""
    numbers = np.frombuffer(record_sets.from_bytes(records).to_array(), np.uint32).astype(np.int64)
    if not len(numbers):
        return [], []
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts, lasts = numbers[np.r_[0, breaks + 1]], numbers[np.r_[breaks, len(numbers) - 1]]
    return firsts.tolist(), lasts.tolist()


def storable(value: Any) -> Any:
    """The value as PostgreSQL can hold it: no text of its has the character NUL, which files may contain."""
    if isinstance(value, str):
        return value.replace("\0", REPLACEMENT) if "\0" in value else value
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value


def storable_texts(values: Sequence[str]) -> Sequence[str]:
    """The same for a column, which hardly ever has one."""
    return values if "\0" not in "".join(values) else [storable(value) for value in values]
