"""Workbooks as Excel, LibreOffice, Google and other libraries really write them."""

from pathlib import Path

import openpyxl
import pytest

from tests.kit.workbooks import (
    DATE,
    DATE_TIME,
    GOOD,
    HEADER,
    MAIN,
    STRICT,
    book,
    number,
    row,
    shared,
    sheet,
    simple,
    text,
)
from tests.unit.files.uploads import india, local, read, refusal

PHONE = "+919876543210"


def _first(path: Path) -> tuple[str, str]:
    (found,) = read(path).rows
    return found.phone, found.name


@pytest.mark.parametrize(
    "cell",
    [
        number("919876543210"),
        number("9876543210"),
        number("9.19876543210E11"),
        number("919876543210.0"),
        number("9876543210", 3),
        text("+91 98765 43210"),
        text("09876543210"),
        text("\u00a0(98765) 43210 "),
        ' t="str"><f>A1</f><v>9876543210</v></c>',
        "><f>B1</f><v>9876543210</v></c>",
    ],
)
def test_a_phone_cell_of_any_kind_keeps_every_digit(tmp_path: Path, cell: str) -> None:
    path = simple(tmp_path / "a.xlsx", row(1, text("PhoneNumber"), text("Name")), row(2, cell, text("Asha")))
    assert _first(path) == (PHONE, "Asha")


def test_a_number_with_a_fraction_or_too_many_digits_is_no_phone(tmp_path: Path) -> None:
    path = simple(
        tmp_path / "a.xlsx", HEADER, row(2, number("9876543210.5")), row(3, number("98765432101234567"))
    )
    assert read(path).faults == {2: "phone-invalid", 3: "phone-invalid"}


def test_dates_are_read_from_date_cells_texts_and_the_1904_calendar(tmp_path: Path) -> None:
    header = row(1, text("PhoneNumber"), text("ExpiryDate"))
    cells = (
        number("47483", DATE),
        text("2029-12-31"),
        number("47483.75", DATE_TIME),
        ' t="d"><v>2029-12-31</v></c>',
    )
    rows = [row(i, text(f"98765432{i:02d}"), cell) for i, cell in enumerate(cells, start=2)]
    got = read(simple(tmp_path / "a.xlsx", header, *rows))
    day_end, evening = 1_893_436_199_000_000, 1_893_414_600_000_000
    assert [found.expires_us for found in got.rows] == [day_end, day_end, evening, day_end]
    old = book(
        tmp_path / "b.xlsx",
        {"S": sheet(header, row(2, text("9876543210"), number("46021", DATE)))},
        properties='<workbookPr date1904="1"/>',
    )
    assert read(old).rows[0].expires_us == day_end


def test_a_number_that_is_not_styled_as_a_date_is_no_expiry(tmp_path: Path) -> None:
    path = simple(
        tmp_path / "a.xlsx",
        row(1, text("PhoneNumber"), text("ExpiryDate")),
        row(2, text(PHONE), number("47483")),
    )
    assert read(path).faults == {2: "expiry-invalid"}


def test_a_formula_without_a_cached_value_is_blank(tmp_path: Path) -> None:
    path = simple(tmp_path / "a.xlsx", HEADER, row(2, text(PHONE), "><f>1+1</f></c>"))
    assert _first(path) == (PHONE, "")


def test_error_cells_and_booleans_are_text_that_no_phone_column_takes(tmp_path: Path) -> None:
    path = simple(
        tmp_path / "a.xlsx", HEADER, row(2, ' t="e"><v>#N/A</v></c>'), row(3, ' t="b"><v>1</v></c>')
    )
    assert read(path).faults == {2: "phone-invalid", 3: "phone-invalid"}


def test_blank_rows_are_counted_and_numbers_are_excels(tmp_path: Path) -> None:
    path = simple(
        tmp_path / "a.xlsx", HEADER, row(2, text(PHONE)), row(3), row(4, number("", DATE)), row(7, text("12"))
    )
    got = read(path)
    assert (got.faults, got.summary.read) == ({7: "phone-invalid"}, 2)


def test_a_last_formatted_row_far_below_is_no_row(tmp_path: Path) -> None:
    got = read(simple(tmp_path / "a.xlsx", HEADER, GOOD, '<row r="1048576"><c r="A1048576" s="1"/></row>'))
    assert (got.summary.read, got.summary.valid) == (1, 1)


@pytest.mark.parametrize("dimension", ["A1", "A1:XFD1048576", "nonsense", ""])
def test_the_dimension_record_is_not_believed(tmp_path: Path, dimension: str) -> None:
    xml = sheet(HEADER, GOOD, before=f'<dimension ref="{dimension}"/>')
    assert _first(book(tmp_path / "a.xlsx", {"S": xml})) == (PHONE, "Asha")


def test_cells_and_rows_without_references_stand_one_after_the_other(tmp_path: Path) -> None:
    xml = (
        "<row><c"
        + text("PhoneNumber")
        + "<c"
        + text("Name")
        + "</row><row><c"
        + text(PHONE)
        + "<c"
        + text("Asha")
        + "</row>"
    )
    assert _first(simple(tmp_path / "a.xlsx", xml)) == (PHONE, "Asha")


def test_prefixed_and_strict_namespaces_are_read(tmp_path: Path) -> None:
    plain = sheet(HEADER, GOOD)
    prefixed = plain.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
    assert _first(book(tmp_path / "a.xlsx", {"S": prefixed})) == (PHONE, "Asha")
    assert _first(book(tmp_path / "b.xlsx", {"S": sheet(HEADER, GOOD, namespace=STRICT)})) == (PHONE, "Asha")


def test_shared_texts_are_read_with_rich_text_joined_and_phonetics_left_out(tmp_path: Path) -> None:
    strings = (
        f'<sst xmlns="{MAIN}"><si><t>PhoneNumber</t></si><si><t>Name</t></si>'
        "<si><r><t>佐</t></r><r><t>藤</t></r>"
        '<rPh sb="0" eb="1"><t>サトウ</t></rPh></si></sst>'
    )
    xml = sheet(row(1, shared(0), shared(1)), row(2, text(PHONE), shared(2)))
    assert _first(book(tmp_path / "a.xlsx", {"S": xml}, strings)) == (PHONE, "佐藤")


def test_merged_headers_and_comments_do_not_disturb(tmp_path: Path) -> None:
    xml = sheet(HEADER, GOOD, after='<mergeCells count="1"><mergeCell ref="A1:A1"/></mergeCells>')
    assert _first(book(tmp_path / "a.xlsx", {"S": xml.replace("<sheetData>", "<sheetData><!-- c -->")})) == (
        PHONE,
        "Asha",
    )


def test_the_first_visible_sheet_with_phone_numbers_is_read(tmp_path: Path) -> None:
    notes, hidden = sheet(row(1, text("Read me"))), sheet(HEADER, row(2, text("12")))
    path = book(
        tmp_path / "a.xlsx", {"Notes": notes, "Old": hidden, "Rows": sheet(HEADER, GOOD)}, hidden=["Old"]
    )
    got = read(path)
    assert (got.header.sheet, got.summary.valid) == ("Rows", 1)


def test_only_hidden_sheets_with_numbers_are_no_table(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx", {"A": sheet(row(1, text("x"))), "Old": sheet(HEADER, GOOD)}, hidden=["Old"]
    )
    assert refusal(path).code == "column-missing"


def test_macros_are_left_alone(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsm",
        {"S": sheet(HEADER, GOOD)},
        extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 macro"},
    )
    assert _first(path) == (PHONE, "Asha")


def test_a_cell_longer_than_a_row_may_be_is_that_rows_fault(tmp_path: Path) -> None:
    long = text("n" * 5_000_000)
    path = simple(
        tmp_path / "a.xlsx",
        row(1, text("PhoneNumber"), text("Notes")),
        row(2, text(PHONE), long),
        row(3, text("9876543211")),
    )
    got = read(path, india(columns=("Notes",)))
    assert (got.faults, got.summary.valid) == ({2: "row-too-long"}, 1)
    assert len(got.invalid[0].cells[1]) < 3_000


def test_a_workbook_of_openpyxl_is_read(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    active = made.active
    assert active is not None
    made.create_sheet("Rows").append(["Phone Number", "NAME", "priority", "Expiry Date"])
    made["Rows"].append([919876543210, " Asha ", 5, local(2030, 1, 1)])
    made["Rows"].append([9876543211.0, "=1+1", "7", "2030-01-01"])
    path = tmp_path / "a.xlsx"
    made.save(path)
    got = read(path)
    assert [(f.phone, f.name, f.priority) for f in got.rows] == [(PHONE, "Asha", 5), ("+919876543211", "", 7)]
    assert got.rows[0].expires_us == got.rows[1].expires_us


def test_further_sheets_with_phone_numbers_are_named(tmp_path: Path) -> None:
    broken = sheet(HEADER, GOOD)[:-30]
    blank = sheet(*(row(i) for i in range(1, 150)), row(150, text("PhoneNumber")))
    sheets = {
        "Records": sheet(HEADER, GOOD),
        "Records 2": sheet(row(1, text("Title")), row(2, text("PhoneNumber")), row(3, text("9876543211"))),
        "Notes": sheet(row(1, text("x"))),
        "Old": sheet(HEADER, GOOD),
        "Broken": broken.replace("PhoneNumber", "Phone"),
        "Far below": blank,
    }
    got = read(book(tmp_path / "a.xlsx", sheets, hidden=["Old"]))
    assert (got.header.sheet, got.header.other_sheets, got.summary.read) == ("Records", ("Records 2",), 1)
