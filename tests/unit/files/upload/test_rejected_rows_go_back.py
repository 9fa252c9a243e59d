"""Rejected rows come back with everything that is wrong, hold what they held, and are taken when corrected."""

import csv
import io
import tempfile
from pathlib import Path

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.files.columns import PROBLEM
from outdial.files.upload import InvalidRow
from outdial.files.upload.again import checked_again
from outdial.files.upload.workbooks import write_errors
from tests.unit.files.uploads import NOW_US, india, local, read, read_csv

RULES = india(columns=("City",))
HEADER = "PhoneNumber,Name,Priority,ExpiryDate,City\n"
_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_TRICKY = st.sampled_from(
    [
        "_x0041_",
        "_x000D_",
        "=1+1",
        "'=1",
        "''+1",
        "'",
        "2030-01-01",
        "1e5",
        "007",
        "TRUE",
        "a\r\nb",
        "\t=1",
        " x ",
    ]
)


def _problems(path: Path) -> list[str]:
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    header, *rows = sheet.iter_rows(values_only=True)
    assert header[-1] == PROBLEM
    return [str(row[-1]) for row in rows]


def test_every_fault_of_a_row_is_told_though_the_log_keeps_the_first_one(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"{HEADER}12,Asha,500,soon,Pune\n", RULES)
    kept = [
        InvalidRow(row.row, row.column, row.code, "as the log tells it", row.cells) for row in got.invalid
    ]
    write_errors(tmp_path / "e.xlsx", got.header, checked_again(got.header, kept, RULES, NOW_US))
    (problem,) = _problems(tmp_path / "e.xlsx")
    assert problem == got.invalid[0].reason
    assert all(part in problem for part in ("'12'", "'500'", "'soon'"))


def test_a_fault_that_a_row_alone_does_not_show_is_told_as_it_was(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"{HEADER}9876543210,,,,\n09876543210,,,,\n", RULES)
    (told,) = checked_again(got.header, got.invalid, RULES, NOW_US)
    assert told == got.invalid[0]
    (other,) = checked_again(got.header, got.invalid, india(columns=("Town",)), NOW_US)
    assert other == got.invalid[0]


def test_a_duplicate_with_a_fault_of_its_own_says_both(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"{HEADER}9876543210,,1,,\n", RULES)
    row = InvalidRow(2, "PhoneNumber", "duplicate-in-campaign", "known", ("9876543210", "", "500", "", ""))
    (told,) = checked_again(got.header, [row], RULES, NOW_US)
    assert (told.code, [fault.code for fault in told.further]) == (
        "duplicate-in-campaign",
        ["priority-invalid"],
    )


def test_a_corrected_workbook_is_taken_with_its_dates_numbers_and_zeros(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["PhoneNumber", "Priority", "ExpiryDate", "City"])
    sheet.append([919876543210, 500, local(2030, 1, 1), "007"])
    sheet.append(["09876543211", 0, local(2030, 1, 1, 9, 30), 1e5])
    made.save(tmp_path / "a.xlsx")
    got = read(tmp_path / "a.xlsx", RULES)
    write_errors(tmp_path / "e.xlsx", got.header, checked_again(got.header, got.invalid, RULES, NOW_US))
    again = openpyxl.load_workbook(tmp_path / "e.xlsx")
    corrected = again.active
    assert corrected is not None
    corrected["B2"], corrected["B3"] = 50, "60"
    again.save(tmp_path / "b.xlsx")
    rows = read(tmp_path / "b.xlsx", RULES).rows
    assert [(row.phone, row.priority, row.extra) for row in rows] == [
        ("+919876543210", 50, ("007",)),
        ("+919876543211", 60, ("100000",)),
    ]
    assert [row.expires_us for row in rows] == [1_893_522_599_000_000, 1_893_470_400_000_000]


def test_a_note_for_people_does_not_stand_in_the_way(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"{HEADER}12,,1,,\n", RULES)
    write_errors(tmp_path / "e.xlsx", got.header, got.invalid, "PhoneNumber")
    assert read(tmp_path / "e.xlsx", RULES).summary.read == 1


@given(st.lists(st.tuples(*[st.one_of(_TRICKY, _CELL)] * 3), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_whatever_a_rejected_row_holds_comes_back_as_it_was(cells: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = io.StringIO(newline="")
        csv.writer(lines, quoting=csv.QUOTE_ALL).writerows(
            [(f"x{one}", two, "0", "", three) for one, two, three in cells]
        )
        got = read_csv(folder, HEADER + lines.getvalue(), RULES)
        write_errors(folder / "e.xlsx", got.header, got.invalid)
        again = read(folder / "e.xlsx", RULES)
        assert [row.code for row in again.invalid] == [row.code for row in got.invalid]
        assert [row.cells for row in again.invalid] == [tuple(map(_shown, row.cells)) for row in got.invalid]


def _shown(cell: str) -> str:
    """What a workbook can hold: control characters are shown as one that is seen."""
    return "".join(
        "\ufffd" if (ord(one) < 32 and one not in "\t\r\n") or one in "\ufffe\uffff" else one for one in cell
    )
