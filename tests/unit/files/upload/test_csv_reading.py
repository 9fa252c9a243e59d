"""CSV: encodings, separators, quoting, and files that come back from a download."""

import codecs
from pathlib import Path

import pytest

from tests.unit.files.uploads import read, read_csv, refusal

TABLE = "PhoneNumber,Name\r\n+919876543210,Zoë राहुल\r\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        codecs.BOM_UTF8 + TABLE.encode(),
        codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        TABLE.encode("utf-16-le"),
        TABLE.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8-bom", "utf-16-le-bom", "utf-16-be-bom", "utf-16-le", "utf-16-be"],
)
def test_unicode_is_read_with_and_without_its_mark(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "upload.csv"
    path.write_bytes(content)
    (row,) = read(path).rows
    assert row.name == "Zoë राहुल"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_told_from_the_first_line(tmp_path: Path, separator: str) -> None:
    content = f"PhoneNumber{separator}Name\n9876543210{separator}a.b|c\n"
    assert read_csv(tmp_path, content).rows[0].name == "a.b|c"


def test_a_separator_in_a_quoted_header_does_not_count(tmp_path: Path) -> None:
    got = read_csv(tmp_path, 'PhoneNumber;"Name"\n9876543210;"a;b,c,d,e"\n')
    assert got.rows[0].name == "a;b,c,d,e"


def test_excels_separator_line_is_no_row(tmp_path: Path) -> None:
    got = read_csv(tmp_path, "sep=;\nPhoneNumber;Name\n9876543210;Asha\n")
    assert (got.rows[0].name, got.header.row) == ("Asha", 2)


def test_rows_are_numbered_as_a_spreadsheet_does_though_cells_have_line_feeds(tmp_path: Path) -> None:
    got = read_csv(tmp_path, 'PhoneNumber,Name\n9876543210,"a\nb"\n12,c\n')
    assert got.faults == {2: "name-invalid", 3: "phone-invalid"}


def test_what_a_download_made_safe_comes_back_as_it_was(tmp_path: Path) -> None:
    got = read_csv(tmp_path, "PhoneNumber,Name\n+919876543210,'=1+1\n9876543211,'tis\n'+919876543212,x\n")
    assert [row.name for row in got.rows] == ["=1+1", "'tis", "x"]


@pytest.mark.parametrize(
    "content",
    [
        "PhoneNumber,Name\n9876543210,Zoë\n".encode("cp1252"),
        b"PhoneNumber,Name\n\x00\x00\x00\n",
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        b"%PDF-1.7\n",
        b"GIF89a",
        b"\x1f\x8b\x08" + bytes(20),
        b"<html><table><tr><td>PhoneNumber</td></tr></table></html>",
        b"<?xml version='1.0'?><records/>",
        b'{"PhoneNumber": "9876543210"}',
        b"Rar!\x1a\x07" + bytes(20),
        b"7z\xbc\xaf\x27\x1c" + bytes(20),
        b"{\\rtf1 PhoneNumber}",
        codecs.BOM_UTF16_LE + b"P",
        b'PhoneNumber,Name\n9876543210,"' + b"x" * 200_000,
    ],
    ids=[
        *(
            "cp1252",
            "nul",
            "png",
            "pdf",
            "gif",
            "gzip",
            "html",
            "xml",
            "json",
            "rar",
            "7z",
            "rtf",
            "half",
            "endless",
        ),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "upload.csv"
    path.write_bytes(content)
    assert refusal(path).code == "not-a-workbook"


def test_a_csv_file_is_read_under_any_name(tmp_path: Path) -> None:
    path = tmp_path / "upload.xlsx"
    path.write_text("PhoneNumber\n9876543210\n", encoding="utf-8")
    assert read(path).summary.valid == 1
