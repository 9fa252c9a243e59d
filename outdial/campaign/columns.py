"""Columns of a batch: empty stands for the default in all rows, else exactly one value a row."""

from collections.abc import Sequence
from typing import TypeVar

from outdial.messages.codec import Undecodable

T = TypeVar("T")


def column(values: Sequence[T], count: int, default: T) -> Sequence[T]:
    """The column in full; Undecodable when it is neither empty nor `count` long."""
    if not values:
        return [default] * count
    if len(values) != count:
        raise Undecodable(f"a column has {len(values)} values for {count} rows")
    return values


def pick(values: Sequence[T], places: Sequence[int]) -> list[T]:
    """The column of those rows only; an empty one stays empty."""
    return [values[place] for place in places] if values else []
