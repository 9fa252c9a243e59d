"""Read one file in this process: sheet and header found, every row checked, chunks given as they fill."""

import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from outdial.files.upload.cells import Cell, text_of
from outdial.files.upload.container import kind_of
from outdial.files.upload.delimited import csv_rows
from outdial.files.upload.header import HEADER_WITHIN, Layout, is_header, layout_of, no_phone_column
from outdial.files.upload.model import (
    Header,
    InvalidRow,
    UploadChunk,
    UploadLimits,
    UploadRejected,
    UploadRules,
    UploadSummary,
    ValidRow,
)
from outdial.files.upload.package import Package
from outdial.files.upload.sheet import sheet_rows
from outdial.files.upload.table import TableChecker

CHUNK_LETTERS = 100_000
"""A chunk ends behind so much text: as a block of at most four bytes a letter it must fit into the log."""
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
        with closing(csv_rows(path)) as rows:
            yield _find_table(iter([("", rows)]), rules)
        return
    with zipfile.ZipFile(path) as archive, closing(Package(archive, limits)) as package:
        package.load()
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
    checker = TableChecker(table.layout, rules, now_us)
    rows: list[ValidRow] = []
    invalid: list[InvalidRow] = []
    letters = 0
    for number, cells in table.rows:
        row = checker.take(number, cells)
        if isinstance(row, ValidRow):
            rows.append(row)
            letters += len(row.name) + sum(map(len, row.extra))
        elif row:
            invalid.append(row)
            letters += sum(map(len, row.cells))
        if len(rows) + len(invalid) >= limits.chunk_rows or letters > CHUNK_LETTERS:
            yield UploadChunk(tuple(rows), tuple(invalid))
            rows, invalid, letters = [], [], 0
    if rows or invalid:
        yield UploadChunk(tuple(rows), tuple(invalid))
    yield checker.summary()
