"""Rows of PostgreSQL's binary COPY from columns, without a loop over the rows.

Source: PostgreSQL documentation, COPY, "Binary Format": a row is the number of its fields, then each field's length
(-1: null) and bytes, integers big-endian.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
NULL: Final = b"\xff\xff\xff\xff"
MOST_BYTES: Final = 250_000  # of one piece, before the shorter fields are cut to their length
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]


class Column:
    """One column: for each row the number of a field, and the fields that there are, see `field`."""

    def __init__(self, codes: NDArray[Any], fields: Sequence[bytes]) -> None:
        used = np.flatnonzero(np.bincount(codes, minlength=len(fields)))
        again = np.zeros(len(fields), np.int64)
        again[used] = np.arange(len(used))
        self._codes = again[codes]
        there = [fields[code] for code in used.tolist()]
        self.width = max(map(len, there), default=0)
        lengths = np.fromiter(map(len, there), np.int64, len(there))
        padded = b"".join(one.ljust(self.width, b"\0") for one in there)
        self._bytes = np.frombuffer(padded, np.uint8).reshape(len(there), self.width)
        self._mask = np.arange(self.width) < lengths[:, None]

    def piece(self, rows: slice) -> tuple[Bytes, Mask]:
        """Bytes and which of them count, of some rows."""
        codes = self._codes[rows]
        return self._bytes[codes], self._mask[codes]


class Numbers:
    """One column of integers or booleans in PostgreSQL's size of them; `is_null` says where there is none."""

    def __init__(self, values: NDArray[Any], is_null: Mask | None = None) -> None:
        self._values, self._is_null = values, is_null
        self.width = 4 + values.dtype.itemsize

    def piece(self, rows: slice) -> tuple[Bytes, Mask]:
        """Bytes and which of them count, of some rows."""
        values = self._values[rows]
        size = values.dtype.itemsize
        data = np.empty((len(values), self.width), np.uint8)
        data[:, :4] = np.frombuffer(size.to_bytes(4, "big"), np.uint8)
        wire = np.ascontiguousarray(values.astype(values.dtype.newbyteorder(">")))
        data[:, 4:] = wire.view(np.uint8).reshape(len(values), size)
        mask = np.ones(data.shape, np.bool_)
        if self._is_null is not None:
            nulls = self._is_null[rows]
            data[nulls, :4] = np.frombuffer(NULL, np.uint8)
            mask[nulls, 4:] = False
        return data, mask


def field(value: bytes) -> bytes:
    """A field with its length."""
    return len(value).to_bytes(4, "big") + value


def same(value: str, count: int) -> Column:
    """A column that is one text in every row."""
    return Column(np.zeros(count, np.int8), [field(value.encode())])


def text_fields(texts: Sequence[str]) -> list[bytes]:
    """Texts as fields."""
    return [field(text.encode()) for text in texts]


def json_field(text: str) -> bytes:
    """A text of JSON as a field of jsonb, which begins with its version."""
    return field(b"\x01" + text.encode())


def pieces(columns: Sequence[Column | Numbers], count: int) -> Iterator[bytes]:
    """`count` rows as COPY takes them, header and trailer included."""
    width = 2 + sum(column.width for column in columns)
    rows = max(1, MOST_BYTES // width)
    yield HEADER
    for first in range(0, count, rows):
        yield _rows(columns, slice(first, min(first + rows, count)))
    yield TRAILER


def _rows(columns: Sequence[Column | Numbers], rows: slice) -> bytes:
    count = rows.stop - rows.start
    begin = np.tile(np.frombuffer(len(columns).to_bytes(2, "big"), np.uint8), (count, 1))
    found = [(begin, np.ones(begin.shape, np.bool_)), *(column.piece(rows) for column in columns)]
    data = np.concatenate([part for part, _ in found], axis=1)
    mask = np.concatenate([part for _, part in found], axis=1)
    return bytes(data[mask])
