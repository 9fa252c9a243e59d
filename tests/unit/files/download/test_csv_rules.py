"""CSV: RFC 4180, the mark for Excel, and cells that no spreadsheet runs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.files.download import Column, DownloadAbout, DownloadOptions
from outdial.files.download.csv_file import csv_head, write_csv
from outdial.files.download.model import Value

COLUMNS = (
    Column("RecordId", "integer"),
    Column("PhoneNumber", "phone"),
    Column("Name"),
    Column("At", "instant"),
)


def _write(*rows: tuple[Value, ...], exact: bool = False, bom: bool = False) -> bytes:
    about = DownloadAbout("spring", "spring@1", "", 0, "Europe/London", len(rows))
    return b"".join(write_csv(COLUMNS, about, [rows], DownloadOptions(bom=bom, exact=exact)))


def _line(*cells: Value, exact: bool = False) -> str:
    return _write(cells, exact=exact).decode().partition("\r\n")[2]


def test_lines_end_as_rfc_4180_says_and_blank_cells_are_empty() -> None:
    assert _write((1, "+919876543210", "Asha", None)) == (
        b"RecordId,PhoneNumber,Name,At\r\n1,+919876543210,Asha,\r\n"
    )


def test_the_mark_comes_first_and_only_when_asked_for() -> None:
    assert _write(bom=True).startswith(b"\xef\xbb\xbfRecordId")
    assert _write().startswith(b"RecordId")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", "\n=1", "'=1", "''+1"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe_in_front(text: str) -> None:
    ((_, _, name, _),) = list(csv.reader(io.StringIO(_line(1, None, text, None), newline="")))
    assert name == "'" + text
    ((_, _, name, _),) = list(csv.reader(io.StringIO(_line(1, None, text, None, exact=True), newline="")))
    assert name == text


@pytest.mark.parametrize("text", ["a=1", "1-2", "O'Brien", " =1", "'a", "x@y.z", "😀"])
def test_harmless_text_is_left_alone(text: str) -> None:
    assert _line(1, None, text, None) == f"1,,{text},\r\n"


@pytest.mark.parametrize(
    ("phone", "cell"),
    [("+919876543210", "+919876543210"), ("+1+1", "'+1+1"), ("=1", "'=1"), ("+123=1", "'+123=1")],
)
def test_only_a_real_number_keeps_its_plus(phone: str, cell: str) -> None:
    assert _line(1, phone, "x", None) == f"1,{cell},x,\r\n"


def test_header_cells_are_made_safe_too() -> None:
    columns = (Column("=1+1", extra=True), Column('a"b', extra=True))
    assert csv_head(columns, DownloadOptions()) == b'\'=1+1,"a""b"\r\n'


def test_times_have_the_offset_of_their_day() -> None:
    winter, summer = 1_768_478_400_500_000, 1_784_116_800_000_000
    assert _line(1, None, "x", winter).endswith(",2026-01-15T12:00:00+00:00\r\n")
    assert _line(1, None, "x", summer).endswith(",2026-07-15T13:00:00+01:00\r\n")


def test_what_is_no_unicode_becomes_a_replacement_and_nul_is_left_out() -> None:
    assert _line(1, None, "a\ud800b\0c", None) == "1,,a\ufffdbc,\r\n"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_no_text_begins_as_a_formula(text: str) -> None:
    ((_, _, name, _),) = list(csv.reader(io.StringIO(_line(1, None, text, None), newline="")))
    assert not name.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert name.removeprefix("'") == text.replace("\0", "").removeprefix("'")
