"""What reaches the log of a process."""

import json
import logging

import pytest

from outdial.runtime.logs import Repeats, in_words


def line(text: str, at_s: float) -> logging.LogRecord:
    record = logging.LogRecord("aiokafka", logging.ERROR, "", 0, text, (), None)
    record.created = at_s
    return record


def test_lines_of_one_kind_are_few_per_window_and_the_next_window_tells_how_many_were_left_out() -> None:
    repeats = Repeats(at_most=3, window_s=10.0)

    written = [repeats.filter(line("Unable to connect", 100.0 + n)) for n in range(8)]
    later = line("Unable to connect", 111.0)

    assert written == [True] * 3 + [False] * 5
    assert repeats.filter(later)
    assert later.__dict__["left_out"] == 5


def test_another_kind_is_not_held_back() -> None:
    repeats = Repeats(at_most=1)
    assert repeats.filter(line("Unable to connect", 100.0))
    assert not repeats.filter(line("Unable to connect", 100.0))

    assert repeats.filter(line("Heartbeat failed", 100.0))


def test_each_partition_says_for_itself_that_it_changed_hands() -> None:
    repeats = Repeats(at_most=1)
    lines = [line("writer state", 100.0) for _ in range(32)]
    for number, one in enumerate(lines):
        one.partition = number

    assert all(repeats.filter(one) for one in lines)


def test_a_change_of_state_is_never_left_out() -> None:
    repeats = Repeats(at_most=1)
    lines = [line("writer state", 100.0) for _ in range(40)]
    for one in lines:
        one.__dict__.update({"partition": 2, "from": "parked", "to": "serving"})

    assert all(repeats.filter(one) for one in lines)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            {"message": "dialer failed", "error": "Traceback:\n  frames\nRefused: no right"},
            "dialer failed: Refused: no right",
        ),
        ({"message": "stopping"}, "stopping"),
    ],
)
def test_people_are_told_what_an_error_ended_with_not_where_it_came_through(
    written: dict[str, str], read: str
) -> None:
    assert in_words(json.dumps(written)) == read


@pytest.mark.parametrize("line", ["no room left", "[1, 2]", '{"message": 3}', '{"cut": "in the mid'])
def test_a_line_that_is_none_of_ours_is_told_as_it_is(line: str) -> None:
    assert in_words(line) == line
