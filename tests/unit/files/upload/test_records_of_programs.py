"""Records that a program sends: the same rules and codes as a file, answered per row."""

import pytest

from outdial.files.upload import UploadRejected, read_records
from tests.unit.files.uploads import INDIA, NOW_US, india


def test_records_are_checked_as_rows_of_a_file() -> None:
    header, chunk = read_records(
        [
            {"phone_number": "+919876543210", "Name": "Asha", "priority": 5},
            {"PhoneNumber": 9876543211, "NAME": "Ravi", "City": "Pune"},
            {"PhoneNumber": "12", "Priority": 500},
            {"PhoneNumber": "9876543210"},
            {},
        ],
        india(columns=("City",)),
        NOW_US,
    )
    assert header.extra_columns == ("City",)
    assert [(row.row, row.phone, row.name, row.priority, row.extra) for row in chunk.rows] == [
        (1, "+919876543210", "Asha", 5, ("",)),
        (2, "+919876543211", "Ravi", 1, ("Pune",)),
    ]
    assert [(row.row, row.code) for row in chunk.invalid] == [
        (3, "phone-invalid"),
        (4, "duplicate-in-file"),
        (5, "phone-missing"),
    ]


def test_an_unknown_name_is_refused_and_says_which() -> None:
    with pytest.raises(UploadRejected) as refused:
        read_records([{"PhoneNumber": "1", "Shoe": "44"}], INDIA, NOW_US)
    assert (refused.value.code, refused.value.fields["columns"]) == ("column-unknown", ["Shoe"])


def test_names_of_a_download_are_ignored_and_listed() -> None:
    header, chunk = read_records([{"PhoneNumber": "9876543210", "Status": "Fail"}], INDIA, NOW_US)
    assert (header.ignored_columns, len(chunk.rows)) == (("Status",), 1)


@pytest.mark.parametrize("value", [True, 1.5, 1e300, float("nan"), float("inf"), -1, 10**30])
def test_values_of_any_kind_are_answered_by_a_code(value: float) -> None:
    _, chunk = read_records([{"PhoneNumber": value, "Priority": value, "ExpiryDate": value}], INDIA, NOW_US)
    assert chunk.invalid[0].code == "phone-invalid"


def test_a_record_that_says_one_column_twice_is_refused() -> None:
    twice = [{"PhoneNumber": "9876543210"}, {"PhoneNumber": "9876543211", "Name": "Asha", "NAME": "Ravi"}]
    with pytest.raises(UploadRejected) as refused:
        read_records(twice, INDIA, NOW_US)
    assert (refused.value.code, refused.value.fields["columns"]) == ("column-repeated", ["NAME"])


def test_a_number_and_a_text_that_look_alike_each_mean_their_own() -> None:
    records: list[dict[str, str | float]] = [
        {"PhoneNumber": "9876543210", "AgentId": 7.0},
        {"PhoneNumber": "9876543211", "AgentId": "7.0"},
        {"PhoneNumber": "9876543212", "AgentId": 7.0},
    ]
    _, chunk = read_records(records, INDIA, NOW_US)
    assert [row.agent for row in chunk.rows] == ["7", "7.0", "7"]
