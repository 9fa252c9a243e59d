"""Independent readers of the four download formats: each gives the header and the cells as plain values."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import openpyxl
import pypdfium2
from openpyxl.utils.escape import unescape
from python_calamine import CalamineWorkbook

from outdial.files.download import Column

Cells = list[list[str | int | None]]


def read_csv(content: bytes, columns: Sequence[Column], zone: str) -> tuple[list[str], Cells]:
    """By Python's csv module."""
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return header, [[_typed(c, v) for c, v in zip(columns, row, strict=True)] for row in rows]


def read_xml(content: bytes, columns: Sequence[Column], zone: str) -> tuple[list[str], Cells]:
    """By expat, through ElementTree."""
    root = ElementTree.fromstring(content)  # noqa: S314 - our own file
    rows: Cells = []
    names: list[str] = []
    for record in root:
        found = {child.attrib.get("name", child.tag): child.text or "" for child in record}
        names += [name for name in found if name not in names]
        rows.append([_typed(c, found.get(c.name, "")) for c in columns])
    order = [c.name for c in columns]
    return sorted(names, key=order.index), rows


def read_xlsx(content: bytes, columns: Sequence[Column], zone: str) -> tuple[list[str], Cells]:
    """By openpyxl: every sheet but the last one."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    header: list[str] = []
    rows: Cells = []
    for sheet in book.worksheets[:-1]:
        first, *others = sheet.iter_rows(values_only=True)
        header = [str(name) for name in first]
        rows += [[_unescaped(_cell(c, v, zone)) for c, v in zip(columns, row, strict=True)] for row in others]
    return header, rows


def read_calamine(content: bytes, columns: Sequence[Column], zone: str) -> tuple[list[str], Cells]:
    """By calamine, in Rust: every sheet but the last one."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    header: list[str] = []
    rows: Cells = []
    for name in book.sheet_names[:-1]:
        first, *others = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        header = [str(value) for value in first]
        width = len(columns)
        rows += [
            [_cell(c, v, zone) for c, v in zip(columns, [*row, *[""] * width], strict=False)]
            for row in others
        ]
    return header, rows


def pdf_text(content: bytes) -> str:
    """All text of a PDF as pdfium reads it, in lines joined by single spaces."""
    return " ".join(pdf_pages(content))


def pdf_pages(content: bytes) -> list[str]:
    """The text of each page."""
    texts = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content)]
    return [" ".join(text.replace("\u200b", "").split()) for text in texts]


def _typed(column: Column, text: str) -> str | int | None:
    if text == "":
        return None
    if column.kind == "integer":
        return int(text)
    if column.kind == "instant":
        return round(datetime.fromisoformat(text).timestamp()) * 1_000_000
    return text


def _cell(column: Column, value: Any, zone: str) -> str | int | None:
    if value is None or value == "":
        return None
    if column.kind == "integer":
        assert isinstance(value, int | float) and not isinstance(value, bool)
        return int(value)
    if column.kind == "instant":
        assert isinstance(value, datetime)
        return round(value.replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000
    assert isinstance(value, str)
    return value


def _unescaped(value: str | int | None) -> str | int | None:
    """openpyxl leaves `_xHHHH_` to its caller."""
    return unescape(value) if isinstance(value, str) else value


def about_sheet(content: bytes) -> list[tuple[str, Any]]:
    """The last sheet as names and values."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[-1]
    return [(str(name), value) for name, value in sheet.iter_rows(values_only=True)]
