"""Filters from JSON: what is taken, what is refused, and that a refusal names the known fields and values."""

import pytest

from outdial.campaign.filter import Filter
from outdial.campaign.selection import FilterInvalid, describe, parse_filters


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, (Filter(),)),
        ([], ()),
        ([{}, {"status": ["Fail"]}], (Filter(), Filter(status=("Fail",)))),
        ({"status": []}, (Filter(status=()),)),
        ({"status": None}, (Filter(),)),
        ({"status": "Fail"}, (Filter(status=("Fail",)),)),
        ({"reason": [None, "Busy"]}, (Filter(reason=(None, "Busy")),)),
        ({"priority": [5, "7-9"]}, (Filter(priority=("5", "7-9")),)),
        ({"record_id": [1, "2", None]}, (Filter(record_id=(1, 2)),)),
        ({"from_date": "2026-01-01"}, (Filter(date_field="last_attempt", from_date="2026-01-01"),)),
        (
            {"date_field": "created", "to_date": "2026-01-01T09:00:00+05:30"},
            (Filter(date_field="created", to_date="2026-01-01T09:00:00+05:30"),),
        ),
        ({"agent": ["anna"], "skill": ["hindi"]}, (Filter(agent=("anna",), skill=("hindi",)),)),
    ],
)
def test_filters_are_read(raw: object, expected: tuple[Filter, ...]) -> None:
    assert parse_filters(raw) == expected


def test_a_date_is_of_the_default_field_of_the_use() -> None:
    (one,) = parse_filters({"from_date": "2026-01-01"}, "created")

    assert one.date_field == "created"


@pytest.mark.parametrize(
    ("raw", "pointer", "code", "told"),
    [
        ({"colour": ["red"]}, "#/filters/colour", "unknown-field", "known are date_field, from_date"),
        ({"status": ["Failed"]}, "#/filters/status", "unknown-value", "Pending, Success, Fail, Complete"),
        ({"status": ["fail"]}, "#/filters/status", "unknown-value", "Pending, Success, Fail, Complete"),
        ({"reason": ["Sleepy"]}, "#/filters/reason", "unknown-value", "Answered, Busy, NoAnswer"),
        ({"date_field": "born"}, "#/filters/date_field", "unknown-value", "last_attempt, created, updated"),
        ({"from_date": "1.1.2026"}, "#/filters/from_date", "invalid-value", "a date such as 2026-11-25"),
        ({"from_date": "2026-02-30"}, "#/filters/from_date", "invalid-value", "a date such as"),
        ({"from_date": "2026-01-01T09:00:00"}, "#/filters/from_date", "invalid-value", "an instant such as"),
        ({"to_date": "9999-12-31"}, "#/filters/to_date", "invalid-value", "a date such as"),
        ({"from_date": 20260101}, "#/filters/from_date", "invalid-value", "from_date is a text"),
        ({"priority": ["0"]}, "#/filters/priority", "invalid-value", "1 to 99"),
        ({"priority": ["100"]}, "#/filters/priority", "invalid-value", "1 to 99"),
        ({"priority": ["9-5"]}, "#/filters/priority", "invalid-value", "5-9"),
        ({"priority": [True]}, "#/filters/priority", "invalid-value", "a list of texts"),
        ({"agent": [["anna"]]}, "#/filters/agent", "invalid-value", "a list of texts"),
        ({"record_id": ["x"]}, "#/filters/record_id", "invalid-value", "no record number"),
        ({"record_id": [-1]}, "#/filters/record_id", "invalid-value", "no record number"),
        ({"record_id": [10**12]}, "#/filters/record_id", "invalid-value", "no record number"),
        ([{}, {"status": ["x"]}], "#/filters/1/status", "unknown-value", "'x' is no status"),
        (["all"], "#/filters/0", "invalid-value", "a filter is an object"),
        ("all", "#/filters", "invalid-value", "a filter is an object"),
        ([{}] * 21, "#/filters", "invalid-value", "at most 20"),
    ],
)
def test_what_cannot_be_meant_is_named(raw: object, pointer: str, code: str, told: str) -> None:
    with pytest.raises(FilterInvalid) as caught:
        parse_filters(raw)

    (problem,) = caught.value.problems
    assert (problem.pointer, problem.code) == (pointer, code)
    assert told in problem.detail


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(FilterInvalid) as caught:
        parse_filters([{"status": ["x"], "colour": []}, {"priority": ["x"]}])

    found = {problem.pointer for problem in caught.value.problems}
    assert found == {"#/filters/0/status", "#/filters/0/colour", "#/filters/1/priority"}


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ((), "no records"),
        ((Filter(),), "all records"),
        ((Filter(status=("Fail", "Pending")),), "status Fail, Pending"),
        ((Filter(reason=(None,)), Filter(priority=("5-9",))), "reason blank or priority 5-9"),
        ((Filter(status=("Fail",)), Filter()), "all records"),
        (
            (Filter(last_agent=("anna",), from_date="2026-01-01"),),
            "last attempt from 2026-01-01, last agent anna",
        ),
        (
            (Filter(date_field="created", from_date="2026-01-01", to_date="2026-01-31"),),
            "created from 2026-01-01 to 2026-01-31",
        ),
        ((Filter(record_id=tuple(range(1, 14))),), "record id 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more"),
        ((Filter(status=()),), "status none"),
    ],
)
def test_filters_in_words(filters: tuple[Filter, ...], told: str) -> None:
    assert describe(filters) == told
