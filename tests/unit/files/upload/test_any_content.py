"""Whatever cells hold, every row is accounted for and the reader never breaks."""

import csv
import tempfile
from datetime import datetime
from pathlib import Path

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell import WriteOnlyCell

from outdial.files.upload import UploadRejected
from tests.unit.files.uploads import Read, india, read

RULES = india(columns=("City",), new_columns="add")
HEADER = ("PhoneNumber", "Name", "Priority", "ExpiryDate", "City")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_PRINTED = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40
)
_CELL = st.one_of(
    st.none(),
    _PRINTED,
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(),
    st.booleans(),
)
_PHONES = st.sampled_from(["9876543210", "+919876543211", 9876543212, "x"])


def _accounted(got: Read, rows: int) -> None:
    summary = got.summary
    assert summary.read + summary.blank == rows
    assert summary.read == summary.valid + summary.invalid + summary.duplicates
    assert (len(got.rows), len(got.invalid)) == (summary.valid, summary.invalid + summary.duplicates)
    assert all(len(row.extra) == len(got.header.extra_columns) for row in got.rows)
    assert all(len(row.cells) == len(got.header.columns) for row in got.invalid)


@given(st.lists(st.tuples(st.one_of(_PHONES, _CELL), _CELL, _CELL, _CELL, _CELL), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_cells_of_a_workbook(rows: list[tuple[str | float | datetime | None, ...]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("S")
    sheet.append(HEADER)
    for row in rows:
        cells = [WriteOnlyCell(sheet, value) for value in row]
        for cell in cells:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
        sheet.append(cells)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        book.save(path)
        try:
            _accounted(read(path, RULES), len(rows))
        except UploadRejected as rejected:
            assert rejected.code == "empty-file"


@given(st.lists(st.tuples(_TEXT, _TEXT, _TEXT, _TEXT, _TEXT), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_cells_of_a_csv_file(rows: list[tuple[str, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
        try:
            _accounted(read(path, RULES), len(rows))
        except UploadRejected as rejected:
            assert rejected.code in {"empty-file", "not-a-workbook"}


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_at_all(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(content)
        try:
            read(path, RULES)
        except UploadRejected as rejected:
            assert rejected.detail
