"""Columns of an event for SQL: an empty one stands for its default in every row."""

from collections.abc import Sequence
from typing import Any

from pyroaring import BitMap


def filled(values: Sequence[Any], count: int, default: Any) -> list[Any]:
    """The column with its default written out."""
    return list(values) if values else [default] * count


def numbers(records: bytes) -> list[int]:
    """The record numbers of a serialised set."""
    return list(BitMap.deserialize(records))
