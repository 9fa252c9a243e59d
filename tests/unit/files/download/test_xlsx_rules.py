"""XLSX: kinds of cells, further sheets, the About sheet, and a file without seams."""

import io
import zipfile
from datetime import datetime

import openpyxl
import pytest

from outdial.files.download import Column, DownloadAbout, DownloadOptions, xlsx_file, xlsx_parts
from outdial.files.download.model import Value
from outdial.files.download.xlsx_file import write_xlsx

COLUMNS = (
    Column("RecordId", "integer"),
    Column("Name"),
    Column("At", "instant"),
    Column("PhoneNumber", "phone"),
)


def _write(*rows: tuple[Value, ...], zone: str = "Asia/Kolkata") -> bytes:
    about = DownloadAbout("=spring", "spring@1", "all", 1_772_323_200_000_000, zone, len(rows))
    batches = [rows[at : at + 3] for at in range(0, len(rows), 3)]
    return b"".join(write_xlsx(COLUMNS, about, batches, DownloadOptions()))


def _book(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_cells_have_the_type_of_their_column() -> None:
    sheet = _book(_write((7, "=1+1", 1_772_323_200_000_000, "+919876543210"))).worksheets[0]
    number, name, at, phone = sheet[2]
    assert (number.data_type, number.value) == ("n", 7)
    assert (name.data_type, name.value) == ("inlineStr", "=1+1") or (name.data_type, name.value) == (
        "s",
        "=1+1",
    )
    assert at.value == datetime.fromisoformat("2026-03-01T05:30:00")
    assert at.number_format == "yyyy\\-mm\\-dd\\ hh:mm:ss"
    assert (phone.data_type, phone.value) == (name.data_type, "+919876543210")


def test_rows_beyond_one_sheet_go_to_the_next_with_the_header_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(xlsx_file, "MAX_SHEET_ROWS", 5)
    rows = [(i, f"n{i}", None, None) for i in range(1, 12)]
    book = _book(_write(*rows))
    assert book.sheetnames == ["Records", "Records 2", "Records 3", "About"]
    read = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets[:3]]
    assert read == [["RecordId", 1, 2, 3, 4], ["RecordId", 5, 6, 7, 8], ["RecordId", 9, 10, 11]]


def test_a_full_last_sheet_opens_no_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "MAX_SHEET_ROWS", 5)
    assert _book(_write(*[(i, "n", None, None) for i in range(8)])).sheetnames == [
        "Records",
        "Records 2",
        "About",
    ]


def test_the_limit_of_a_sheet_is_excels() -> None:
    assert xlsx_parts.MAX_SHEET_ROWS == 1_048_576


def test_the_about_sheet_tells_what_the_rows_are() -> None:
    sheet = _book(_write((1, "x", None, None)))["About"]
    assert [tuple(row) for row in sheet.iter_rows(values_only=True)] == [
        ("Campaign", "=spring"),
        ("Log position", "spring@1"),
        ("Filters", "all"),
        ("Time", datetime.fromisoformat("2026-03-01T05:30:00")),
        ("Time zone", "Asia/Kolkata"),
        ("Rows", 1),
    ]


def test_every_part_is_whole_and_none_needs_zip64() -> None:
    content = _write(*[(i, "n" * 50, i, None) for i in range(100)])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert all(not entry.extra for entry in archive.infolist())
    assert content.count(b"PK\x06\x06") == 0


def test_text_beyond_excels_limit_is_cut() -> None:
    assert len(_book(_write((1, "n" * 40_000, None, None))).worksheets[0]["B2"].value) == 32_767


def test_control_characters_are_written_as_excel_does() -> None:
    with zipfile.ZipFile(io.BytesIO(_write((1, "a\x07b\ud800", None, None)))) as archive:
        assert "a_x0007_b\ufffd" in archive.read("xl/worksheets/sheet1.xml").decode()
