"""Read one file in this process: sheet and header found, every row checked, chunks given as they fill."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from outdial.files.columns import PHONE
from outdial.files.upload.cells import Cell, text_of
from outdial.files.upload.container import kind_of
from outdial.files.upload.delimited import csv_rows
from outdial.files.upload.header import HEADER_WITHIN, Layout, is_header, layout_of, no_phone_column
from outdial.files.upload.model import (
    Header,
    InvalidRow,
    RowFault,
    UploadChunk,
    UploadLimits,
    UploadRejected,
    UploadRules,
    UploadSummary,
    ValidRow,
)
from outdial.files.upload.package import Package
from outdial.files.upload.row import RowReader
from outdial.files.upload.sheet import column_letters, sheet_rows

Rows = Iterator[tuple[int, list[Cell]]]
Part = Header | UploadChunk | UploadSummary


@dataclass(frozen=True, slots=True)
class _Table:
    """A sheet whose header was found: where its columns are, and the rows below it."""

    layout: Layout
    rows: Rows


def parse_upload(path: Path, rules: UploadRules, limits: UploadLimits, now_us: int) -> Iterator[Part]:
    """Yield the header, then chunks, then the summary. Raises UploadRejected, also after chunks."""
    with _table(path, rules, limits) as table:
        yield table.layout.header
        yield from _chunks(table, rules, limits, now_us)


@contextmanager
def _table(path: Path, rules: UploadRules, limits: UploadLimits) -> Iterator[_Table]:
    if kind_of(path, limits) == "csv":
        yield _find_table(iter([("", csv_rows(path))]), rules)
        return
    with zipfile.ZipFile(path) as archive:
        package = Package(archive, limits)
        sheets = ((sheet.name, sheet_rows(package, sheet)) for sheet in package.sheets if sheet.visible)
        yield _find_table(sheets, rules)


def _find_table(sheets: Iterator[tuple[str, Rows]], rules: UploadRules) -> _Table:
    """Take the first visible sheet that has a PhoneNumber column in one of its first rows."""
    found: list[str] = []
    for name, rows in sheets:
        for seen, (number, cells) in enumerate(_filled(rows), start=1):
            if is_header(cells):
                return _Table(layout_of(number, cells, rules, name), rows)
            found = found or [text for cell in cells if (text := text_of(cell))]
            if seen >= HEADER_WITHIN:
                break
    if not found:
        raise UploadRejected("empty-file", "No visible sheet has a filled cell. Choose the right file.")
    raise no_phone_column(found)


def _filled(rows: Rows) -> Rows:
    return ((number, cells) for number, cells in rows if any(map(text_of, cells)))


def _chunks(table: _Table, rules: UploadRules, limits: UploadLimits, now_us: int) -> Iterator[Part]:
    checker = _Checker(table.layout, rules, now_us)
    rows: list[ValidRow] = []
    invalid: list[InvalidRow] = []
    for number, cells in table.rows:
        row = checker.take(number, cells)
        if isinstance(row, ValidRow):
            rows.append(row)
        elif row:
            invalid.append(row)
        if len(rows) + len(invalid) >= limits.chunk_rows:
            yield UploadChunk(tuple(rows), tuple(invalid))
            rows, invalid = [], []
    if rows or invalid:
        yield UploadChunk(tuple(rows), tuple(invalid))
    yield checker.summary()


class _Checker:
    """Checks the rows of one table one after the other and keeps the account of them."""

    def __init__(self, layout: Layout, rules: UploadRules, now_us: int) -> None:
        self._reader = RowReader(rules, layout, now_us)
        self._layout = layout
        self._rules = rules
        self._known = frozenset(layout.read) | layout.ignored
        self._width = max(self._known, default=-1) + 1
        self._gaps = self._width > len(self._known)
        self._seen: dict[int, int] | None = {} if rules.duplicates == "skip" else None
        self._read = self._valid = self._duplicates = self._blank = 0

    def take(self, number: int, cells: list[Cell]) -> ValidRow | InvalidRow | None:
        """Return the checked row, None for a blank one. UploadRejected: too-many-rows, column-unknown."""
        if not any(map(text_of, cells)):
            self._blank += 1
            return None
        if len(cells) > self._width or self._gaps:
            self._refuse_headless(number, cells)
        self._read += 1
        if self._read > self._rules.max_rows:
            detail = f"The file has more than {self._rules.max_rows:,} rows. Split it over several files."
            raise UploadRejected("too-many-rows", detail, {"limit": self._rules.max_rows})
        row = self._reader.read(number, cells)
        if isinstance(row, InvalidRow):
            return row
        if self._seen is not None and (first := self._seen.setdefault(int(row.phone), number)) != number:
            self._duplicates += 1
            fault = RowFault(PHONE, "duplicate-in-file", f"the number stands in row {first:,} already")
            return self._reader.refused(number, cells, [fault])
        self._valid += 1
        return row

    def summary(self) -> UploadSummary:
        """Return the account; a file whose table has no row is refused (UploadRejected: empty-file)."""
        if not self._read:
            header = self._layout.header.row
            detail = f"Below the header (row {header}) no row is filled. Fill it, or choose another file."
            raise UploadRejected("empty-file", detail)
        invalid = self._read - self._valid - self._duplicates
        return UploadSummary(self._read, self._valid, invalid, self._duplicates, self._blank)

    def _refuse_headless(self, number: int, cells: list[Cell]) -> None:
        """A filled cell that belongs to no column would be lost without a word."""
        for index, cell in enumerate(cells):
            if index not in self._known and text_of(cell):
                where = f"{column_letters(index + 1)}{number}"
                detail = f"Cell {where} is filled and its column has no header. Name the column or clear it."
                raise UploadRejected("column-unknown", detail, {"columns": [column_letters(index + 1)]})
