"""Cells: numbers keep every digit, dates count from the right day."""

import pytest

from outdial.files.upload.cells import (
    DAY_ZERO_1900,
    DAY_ZERO_1904,
    NumberText,
    date_of_serial,
    text_of,
    whole_number,
)
from tests.unit.files.uploads import local


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("919876543210", "919876543210"),
        ("9.1987654321E11", "919876543210"),
        ("919876543210.0", "919876543210"),
        ("91987654321012345678", "91987654321012345678"),
        ("1.1000000000000001", "1.1"),
        ("0.1", "0.1"),
        ("-5", "-5"),
        ("1E+300", "1e+300"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_number_is_shown_as_excel_shows_it(source: str, shown: str) -> None:
    assert text_of(NumberText(source)) == shown


@pytest.mark.parametrize(
    ("text", "whole"), [("5", "5"), ("5.0", "5"), ("1E2", "100"), ("1.5", None), ("x", None)]
)
def test_whole_numbers(text: str, whole: str | None) -> None:
    assert whole_number(text) == whole


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1E+999999999", "1E-999999999"])
def test_numbers_that_are_none_cost_nothing(text: str) -> None:
    assert whole_number(text) is None


def test_serial_numbers_count_from_1900_or_1904() -> None:
    assert date_of_serial("45000", DAY_ZERO_1900) == local(2023, 3, 15)
    assert date_of_serial("43538", DAY_ZERO_1904) == local(2023, 3, 15)
    assert date_of_serial("45000.75", DAY_ZERO_1900) == local(2023, 3, 15, 18)


@pytest.mark.parametrize("serial", ["-1", "3000000", "1E999", "x"])
def test_a_serial_that_is_no_date_stays_a_number(serial: str) -> None:
    assert isinstance(date_of_serial(serial, DAY_ZERO_1900), NumberText)
