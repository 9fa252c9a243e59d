"""Nothing is dialled beyond 250 ms of difference, and a deadline is early by what is not known of the far clock."""

import pytest

from outdial.telephony.port import ClockOffset
from services.dialer.clocks import FRESH_US, MARGIN_US, Clocks

NOW_US = 1_800_000_000_000_000
MS = 1000


def clocks(low_ms: int = 0, high_ms: int = 0) -> Clocks:
    found = Clocks()
    found.network_said(ClockOffset(low_ms * MS, high_ms * MS), NOW_US)
    return found


def test_without_a_fresh_measurement_nothing_is_dialled() -> None:
    assert "not known" in Clocks().problem(NOW_US)
    assert clocks().problem(NOW_US + FRESH_US) == ""
    assert "not known" in clocks().problem(NOW_US + FRESH_US + 1)


def test_a_network_that_was_lost_is_not_dialled_until_it_says_its_time_again() -> None:
    found = clocks()
    found.network_lost()
    assert "not known" in found.problem(NOW_US)

    found.network_said(ClockOffset(0, 0), NOW_US)

    assert found.problem(NOW_US) == ""


@pytest.mark.parametrize(
    ("low", "high", "good"), [(-250, 250, True), (200, 300, True), (251, 251, False), (-600, 0, False)]
)
def test_a_networks_clock_that_differs_by_more_than_250_ms_stops_dialling(
    low: int, high: int, good: bool
) -> None:
    assert (clocks(low, high).problem(NOW_US) == "") is good


@pytest.mark.parametrize(
    ("ahead_ms", "good"), [(0, True), (250, True), (251, False), (-250, True), (-251, False)]
)
def test_a_writers_clock_that_differs_by_more_than_250_ms_stops_dialling(ahead_ms: int, good: bool) -> None:
    found = clocks()
    found.writer_said(NOW_US + ahead_ms * MS, NOW_US, NOW_US)

    assert (found.problem(NOW_US) == "") is good


def test_what_an_answer_took_on_its_way_is_no_difference() -> None:
    found = clocks()
    found.writer_said(NOW_US + 900 * MS, NOW_US, NOW_US + 2000 * MS)

    assert found.problem(NOW_US) == ""


@pytest.mark.parametrize(("low", "high", "shift"), [(0, 0, 0), (-40, 60, -40), (100, 120, 100)])
def test_a_deadline_is_on_the_networks_clock_and_never_late(low: int, high: int, shift: int) -> None:
    assert clocks(low, high).deadline(NOW_US) == NOW_US + shift * MS - MARGIN_US
