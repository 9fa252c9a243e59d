"""Download as Excel workbook, streamed without a temporary file: text stays text, times are date cells."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from outdial.files.columns import EXPIRY
from outdial.files.download import xlsx_parts as parts
from outdial.files.download.cells import LocalTimes, each
from outdial.files.download.model import (
    Batches,
    Column,
    DownloadAbout,
    DownloadOptions,
    Value,
    counted,
)
from outdial.files.download.xlsx_parts import MAX_SHEET_ROWS, column_letters

_DRAIN = 1 << 16
_MAX_SHEET_BYTES = 1_900_000_000
"""A part of 2 GiB would need ZIP64, which Excel offers to repair."""
_LEVEL = 1
Make = Callable[[Value], str]


class _Sink:
    """Where the zip writes: bytes wait here until they are taken, and none is ever rewritten."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self.waiting = 0

    def write(self, block: bytes) -> int:
        self._blocks.append(bytes(block))
        self.waiting += len(block)
        return len(block)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        """Return what waits, and forget it."""
        blocks, self._blocks, self.waiting = self._blocks, [], 0
        return b"".join(blocks)


def write_xlsx(
    columns: Sequence[Column], about: DownloadAbout, batches: Batches, options: DownloadOptions
) -> Iterator[bytes]:
    """Yield the workbook as it grows: sheets of up to 1,048,576 rows with a header each, then About.

    Raises DownloadBroken when the rows are not those announced.
    """
    sink = _Sink()
    book = _Book(sink, columns, about)
    try:
        for batch in counted(batches, about):
            book.add(batch)
            if sink.waiting >= _DRAIN:
                yield sink.take()
        book.finish()
    finally:
        book.close()
    yield sink.take()


class _Book:
    """A workbook being written: one sheet open at a time."""

    def __init__(self, sink: _Sink, columns: Sequence[Column], about: DownloadAbout) -> None:
        self._archive = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._columns = columns
        self._about = about
        self._cells = [_maker(column, about) for column in columns]
        self._letters = [column_letters(number) for number in range(1, len(columns) + 1)]
        self._starts = [f'<c r="{letters}' for letters in self._letters]
        self._sheets = 0
        self._row = self._bytes = 0
        self._sheet: IO[bytes] | None = None

    def add(self, batch: Sequence[Sequence[Value]]) -> None:
        """Write rows, opening a further sheet where one is full."""
        at = 0
        while at < len(batch):
            if self._sheet is None or self._row >= MAX_SHEET_ROWS or self._bytes > _MAX_SHEET_BYTES:
                self._next_sheet()
            some = batch[at : at + MAX_SHEET_ROWS - self._row]
            self._write(self._rows(some))
            self._row += len(some)
            at += len(some)

    def finish(self) -> None:
        """Close the last sheet and write the parts that hold the sheets together."""
        if self._sheet is None:
            self._next_sheet()
        self._end_sheet()
        for name, content in parts.closing_parts(self._sheets, self._about):
            self._archive.writestr(name, content)

    def close(self) -> None:
        """Leave nothing open; what this still writes after a failure is never taken."""
        self._end_sheet()
        self._archive.close()

    def _rows(self, batch: Sequence[Sequence[Value]]) -> str:
        numbers = [str(number) for number in range(self._row + 1, self._row + 1 + len(batch))]
        made = [
            [
                f"{start}{number}{cell}" if cell else ""
                for number, cell in zip(numbers, each(values, make), strict=True)
            ]
            for start, values, make in zip(self._starts, zip(*batch, strict=True), self._cells, strict=True)
        ]
        starts = [f'<row r="{number}">' for number in numbers]
        return "</row>".join(map("".join, zip(starts, *made, strict=True))) + "</row>"

    def _next_sheet(self) -> None:
        self._end_sheet()
        self._sheets += 1
        self._sheet = self._archive.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._row, self._bytes = 1, 0
        self._write(parts.sheet_head(self._columns, self._letters))

    def _end_sheet(self) -> None:
        if self._sheet is not None:
            self._write(parts.SHEET_END)
            self._sheet.close()
            self._sheet = None

    def _write(self, text: str) -> None:
        block = text.encode()
        self._bytes += len(block)
        if self._sheet is not None:
            self._sheet.write(block)


def _date_cell(times: LocalTimes, instant_us: int) -> str:
    return f'" s="1"><v>{times.serial(instant_us)}</v></c>'


def _expiry_cell(times: LocalTimes, instant_us: int) -> str:
    """A date cell, or text where that would be another instant when the file is sent back."""
    if times.is_told(instant_us):
        return _date_cell(times, instant_us)
    return f'"{parts.text_cell(times.rfc3339(instant_us))}'


def _maker(column: Column, about: DownloadAbout) -> Make:
    """What follows the row number in a cell's reference, to the end of the cell; nothing for a blank one."""
    if column.kind == "instant":
        times = LocalTimes(about.time_zone)
        make = _expiry_cell if column.name == EXPIRY else _date_cell
        return lambda value: "" if value is None else make(times, int(value))
    if column.kind == "integer":
        return lambda value: "" if value is None else f'"><v>{int(value)}</v></c>'
    return lambda value: "" if value is None or value == "" else f'"{parts.text_cell(str(value))}'
