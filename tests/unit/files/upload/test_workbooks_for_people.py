"""The template and the errors workbook: both go back in as they are."""

import io
from pathlib import Path

import openpyxl

from outdial.files.columns import PROBLEM, UPLOAD_COLUMNS
from outdial.files.upload.workbooks import write_errors, write_template
from tests.unit.files.uploads import india, read, read_csv, refusal


def test_the_template_has_the_campaigns_columns_and_waits_for_rows(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(path, india(columns=("City", "Order No")))
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    (header,) = sheet.iter_rows(values_only=True)
    assert header == (*UPLOAD_COLUMNS, "City", "Order No")
    assert refusal(path, india(columns=("City", "Order No"))).code == "empty-file"


def test_a_filled_template_is_read_with_leading_zeros_kept(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(path, india(columns=("Pin",)))
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet.append(["09876543210", "Asha", 5, "2030-01-01", None, None, "007"])
    book.save(path)
    (row,) = read(path, india(columns=("Pin",))).rows
    assert (row.phone, row.extra) == ("+919876543210", ("007",))


def test_rejected_rows_come_back_in_the_same_form_with_what_is_wrong(tmp_path: Path) -> None:
    got = read_csv(
        tmp_path,
        "City,PhoneNumber,Name,Priority\nPune,0123,=1+1,500\nDelhi,,\x07bell\x0b.,1\nGoa,9876543210,ok,1\n",
        india(columns=("City",)),
    )
    target = io.BytesIO()
    assert write_errors(target, got.header, got.invalid) == 2
    sheet = openpyxl.load_workbook(target).active
    assert sheet is not None
    header, first, second = sheet.iter_rows(values_only=True)
    assert header == ("City", "PhoneNumber", "Name", "Priority", PROBLEM)
    assert first[:4] == ("Pune", "0123", "=1+1", "500")
    assert "500" in str(first[4]) and "PhoneNumber" in str(first[4])
    assert second[2] == "\ufffdbell\ufffd."


def test_a_corrected_errors_workbook_is_taken(tmp_path: Path) -> None:
    rules = india(columns=("City",))
    got = read_csv(tmp_path, "PhoneNumber,Priority,City\n9876543210,500,Pune\n", rules)
    path = tmp_path / "errors.xlsx"
    write_errors(path, got.header, got.invalid)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    sheet["B2"] = "50"
    book.save(path)
    again = read(path, rules)
    assert again.header.ignored_columns == (PROBLEM,)
    assert [(row.phone, row.priority, row.extra) for row in again.rows] == [("+919876543210", 50, ("Pune",))]
