"""Filters as options become the filters of the API."""

import argparse

import pytest

from outdial.client.cli.failing import Failed
from outdial.client.cli.filters import add_all, add_filters, as_query, deliberate, filters_of
from outdial.runtime.exits import Exit


def asked(*options: str) -> argparse.Namespace:
    made = argparse.ArgumentParser()
    add_filters(made)
    add_all(made)
    return made.parse_args(options)


def test_no_option_chooses_every_record() -> None:
    assert filters_of(asked()) == {}
    assert as_query({}) is None


def test_a_repeated_option_is_a_list_and_several_options_are_one_object() -> None:
    said = asked("--status", "Fail", "--status", "Pending", "--from-date", "2026-01-01", "--priority", "5-9")
    assert filters_of(said) == {"from_date": "2026-01-01", "status": ["Fail", "Pending"], "priority": ["5-9"]}


def test_an_empty_value_means_blank() -> None:
    assert filters_of(asked("--agent", "")) == {"agent": [None]}


def test_filters_as_json_are_taken_as_they_are() -> None:
    assert filters_of(asked("--filters", '[{"status": ["Fail"]}]')) == [{"status": ["Fail"]}]


def test_json_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(Failed, match="--filters is no JSON") as failure:
        filters_of(asked("--filters", "{status"))
    assert failure.value.code == Exit.USAGE


def test_a_command_on_every_record_must_be_meant() -> None:
    with pytest.raises(Failed, match="--all") as failure:
        deliberate(asked())
    assert failure.value.code == Exit.USAGE
    assert deliberate(asked("--all")) == {}


def test_all_beside_a_filter_is_a_contradiction() -> None:
    with pytest.raises(Failed, match="contradict"):
        deliberate(asked("--all", "--status", "Fail"))
