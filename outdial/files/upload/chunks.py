"""Rows put together into chunks that fit into the log, in the order in which they come."""

from collections.abc import Iterable, Iterator

from outdial.files.upload.model import InvalidRow, UploadChunk, ValidRow

CHUNK_LETTERS = 100_000
"""A chunk ends behind so much text: as a block of at most four bytes a letter it must fit into the log."""


def chunks(rows: Iterable[ValidRow | InvalidRow], most_rows: int) -> Iterator[UploadChunk]:
    """Yield chunks of at most so many rows, valid and refused together, and of bounded text."""
    valid: list[ValidRow] = []
    invalid: list[InvalidRow] = []
    letters = 0
    for row in rows:
        if isinstance(row, ValidRow):
            valid.append(row)
            letters += len(row.name) + sum(map(len, row.extra))
        else:
            invalid.append(row)
            letters += sum(map(len, row.cells))
        if len(valid) + len(invalid) >= most_rows or letters > CHUNK_LETTERS:
            yield UploadChunk(tuple(valid), tuple(invalid))
            valid, invalid, letters = [], [], 0
    if valid or invalid:
        yield UploadChunk(tuple(valid), tuple(invalid))
