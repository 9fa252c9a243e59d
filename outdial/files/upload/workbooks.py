"""Workbooks that people get: the empty template, and the rejected rows to correct and send again."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from outdial.files.columns import AGENT, EXPIRY, NAME, PHONE, PRIORITY, PROBLEM, SKILL, UPLOAD_COLUMNS
from outdial.files.upload.model import Header, InvalidRow, UploadRules

_AS_TEXT = "@"
_UNSAFE = dict.fromkeys([*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_MAX_TEXT = 32_767
_NOTES = {
    PHONE: "Required. With country code (+…) or as dialled in the campaign's region.",
    NAME: "Up to 200 characters in any script.",
    PRIORITY: "1 to 99; higher is dialled sooner. Blank means 1.",
    EXPIRY: "YYYY-MM-DD (to the end of that day) or YYYY-MM-DD HH:MM:SS, in the campaign's time zone.",
    AGENT: "Required if the campaign dials agent-wise.",
    SKILL: "Required if the campaign dials skill-wise.",
}


def write_template(target: Path | IO[bytes], rules: UploadRules) -> None:
    """Write an empty workbook with the campaign's columns, explained, and every cell ready to take text."""
    book, sheet = _new_book([*UPLOAD_COLUMNS, *rules.columns])
    header = []
    for name in (*UPLOAD_COLUMNS, *rules.columns):
        cell = _text(sheet, name, bold=True)
        if name in _NOTES:
            cell.comment = Comment(_NOTES[name], "Outdial", height=90, width=260)
        header.append(cell)
    sheet.append(header)
    book.save(target)


def write_errors(target: Path | IO[bytes], header: Header, rows: Iterable[InvalidRow], note: str = "") -> int:
    """Write the rejected rows as they came, with what is wrong in the last column; return how many.

    A note for people stands on a sheet of its own, so that the workbook can be sent again as it is.
    """
    columns = [*header.columns, PROBLEM]
    book, sheet = _new_book(columns)
    sheet.append([_text(sheet, name, bold=True) for name in columns])
    count = 0
    for row in rows:
        sheet.append([_text(sheet, value) for value in (*row.cells, row.reason)])
        count += 1
    if note:
        book.create_sheet("About").append([note])
    book.save(target)
    return count


def _new_book(columns: list[str]) -> tuple[Workbook, WriteOnlyWorksheet]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Records")
    assert isinstance(sheet, WriteOnlyWorksheet)  # noqa: S101 - a write-only workbook makes no other kind
    sheet.freeze_panes = "A2"
    for index, name in enumerate(columns):
        letter = get_column_letter(index + 1)
        dimension = sheet.column_dimensions[letter]  # type: ignore[attr-defined]  # no stub
        dimension.width = 60 if name == PROBLEM else max(16, min(len(name) + 4, 40))
        dimension.number_format = _AS_TEXT
    return book, sheet


def _text(sheet: WriteOnlyWorksheet, value: str, bold: bool = False) -> Cell:
    """A cell that stays text: leading zeros kept, nothing run as a formula."""
    escaped = _LOOKS_ESCAPED.sub("_x005F_", value.translate(_UNSAFE)).replace("\r", "_x000D_")
    cell = WriteOnlyCell(sheet, escaped[:_MAX_TEXT])
    cell.data_type = "s"
    cell.number_format = _AS_TEXT
    if bold:
        cell.font = Font(bold=True)
    return cell
