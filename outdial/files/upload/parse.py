"""Read one file in this process: sheet and header found, every row checked, chunks given as they fill."""

import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from outdial.files.upload.cells import Cell, text_of
from outdial.files.upload.chunks import chunks
from outdial.files.upload.container import kind_of
from outdial.files.upload.delimited import csv_rows
from outdial.files.upload.header import HEADER_WITHIN, Layout, is_header, layout_of, no_phone_column
from outdial.files.upload.model import (
    Header,
    UploadChunk,
    UploadLimits,
    UploadRejected,
    UploadRules,
    UploadSummary,
)
from outdial.files.upload.package import Package
from outdial.files.upload.sheet import sheet_rows
from outdial.files.upload.table import TableChecker

MOST_OTHERS = 50
OTHER_WITHIN = 100
"""Rows of a further sheet, blank ones too, that are searched for a header."""
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
        if first := _header_row(rows, found):
            layout = layout_of(*first, rules, name)
            header = replace(layout.header, other_sheets=tuple(_others(sheets)))
            return _Table(replace(layout, header=header), rows)
    if not found:
        raise UploadRejected("empty-file", "No visible sheet has a filled cell. Choose the right file.")
    raise no_phone_column(found)


def _header_row(rows: Rows, found: list[str]) -> tuple[int, list[Cell]] | None:
    """The header among the first filled rows; `found` is told the first row that is none."""
    for number, cells in islice(_filled(rows), HEADER_WITHIN):
        if is_header(cells):
            return number, cells
        if not found:
            found += [text for cell in cells if (text := text_of(cell))]
    return None


def _others(sheets: Iterator[tuple[str, Rows]]) -> Iterator[str]:
    """The names of further sheets with phone numbers: one sheet is read, and people must hear of the others."""
    for name, rows in islice(sheets, MOST_OTHERS):
        with suppress(UploadRejected):  # a sheet that is not read may be damaged
            if _header_row(islice(rows, OTHER_WITHIN), []):
                yield name[:100]


def _filled(rows: Rows) -> Rows:
    return ((number, cells) for number, cells in rows if any(map(text_of, cells)))


def _chunks(table: _Table, rules: UploadRules, limits: UploadLimits, now_us: int) -> Iterator[Part]:
    checker = TableChecker(table.layout, rules, now_us)
    checked = (row for number, cells in table.rows if (row := checker.take(number, cells)))
    yield from chunks(checked, limits.chunk_rows)
    yield checker.summary()
