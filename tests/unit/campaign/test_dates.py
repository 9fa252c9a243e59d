"""Dates in filters: a whole day in the campaign's zone, instants half-open, daylight saving included."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from outdial.campaign.dates import date_range_us, day_start_us, is_zone
from outdial.campaign.filter import Filter


def us(text: str) -> int:
    """Microseconds UTC of an instant."""
    return int((datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("UTC", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"),
        ("Asia/Kolkata", "2026-03-28T18:30:00Z", "2026-03-29T18:30:00Z"),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),  # 23 hours
        ("America/New_York", "2026-03-29T04:00:00Z", "2026-03-30T04:00:00Z"),
        ("Asia/Beirut", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"),  # midnight is skipped
    ],
)
def test_a_date_is_its_whole_day_in_the_campaign_s_zone(zone: str, first: str, last: str) -> None:
    one = Filter(from_date="2026-03-29", to_date="2026-03-29")

    assert date_range_us(one, zone) == (us(first), us(last))


def test_instants_are_taken_as_they_are() -> None:
    one = Filter(from_date="2026-03-29T09:00:00+05:30", to_date="2026-03-29T10:00:00.5Z")

    first, last = date_range_us(one, "Europe/Berlin")

    assert first == us("2026-03-29T03:30:00Z")
    assert last == us("2026-03-29T10:00:00Z") + 500_000


def test_a_bound_that_is_not_given_is_none() -> None:
    assert date_range_us(Filter(), "UTC") == (None, None)
    assert date_range_us(Filter(from_date="2026-01-01"), "UTC")[1] is None


def test_days_follow_each_other_without_gap_all_year_round() -> None:
    for zone in ("Asia/Beirut", "Europe/London", "America/St_Johns", "Australia/Lord_Howe"):
        days = [date.fromordinal(date(2026, 1, 1).toordinal() + number) for number in range(366)]
        for day, following in pairwise(days):
            text = day.isoformat()
            _, end = date_range_us(Filter(to_date=text), zone)
            assert end == day_start_us(following, zone)


@pytest.mark.parametrize(
    "name", ["", "Asia", "Asia/Nowhere", "../etc/passwd", "/etc/localtime", "asia/kolkata", "x\0"]
)
def test_what_is_no_zone(name: str) -> None:
    assert not is_zone(name)


def test_what_is_a_zone() -> None:
    assert is_zone("Asia/Kolkata") and is_zone("UTC")
