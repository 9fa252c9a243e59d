"""The calling window: in the called party's zone, over daylight saving, never past its end."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outdial.campaign.settings import CallingWindow
from outdial.campaign.window import ALL_DAY, describe, is_open, minute_of, next_open_us

OFFICE = (CallingWindow("09:00", "21:00", ("mon", "tue", "wed", "thu", "fri")),)
MINUTE_US = 60_000_000


def us(text: str) -> int:
    """Microseconds UTC of an instant."""
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2025-11-25T09:00:00+05:30", "Asia/Kolkata", True),
        ("2025-11-25T08:59:59+05:30", "Asia/Kolkata", False),
        ("2025-11-25T20:59:59+05:30", "Asia/Kolkata", True),
        ("2025-11-25T21:00:00+05:30", "Asia/Kolkata", False),
        ("2025-11-25T09:00:00+05:30", "Europe/London", False),
        ("2025-11-29T12:00:00+05:30", "Asia/Kolkata", False),  # Saturday
        ("2025-11-28T22:00:00-08:00", "Asia/Kolkata", False),  # Saturday there, Friday here
        ("2026-03-30T08:30:00+01:00", "Europe/Berlin", True),  # summer time began the day before
        ("2026-03-27T08:30:00+01:00", "Europe/Berlin", False),
    ],
)
def test_the_window_is_in_the_called_party_s_zone(now: str, zone: str, expected: bool) -> None:
    assert is_open(OFFICE, zone, us(now)) is expected


def test_no_window_is_never_and_no_days_are_every_day() -> None:
    saturday = us("2025-11-29T12:00:00Z")

    assert not is_open((), "UTC", saturday)
    assert next_open_us((), "UTC", saturday) is None
    assert is_open((CallingWindow("09:00", "21:00"),), "UTC", saturday)


def test_all_day_is_always() -> None:
    for hour in range(24):
        assert is_open(ALL_DAY, "UTC", us(f"2025-11-29T{hour:02}:59:59Z"))


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2025-11-25T12:00:00Z", "UTC", "2025-11-25T12:00:00Z"),
        ("2025-11-25T08:00:00Z", "UTC", "2025-11-25T09:00:00Z"),
        ("2025-11-25T21:00:00Z", "UTC", "2025-11-26T09:00:00Z"),
        ("2025-11-28T21:00:00Z", "UTC", "2025-12-01T09:00:00Z"),
        ("2026-03-27T20:00:00Z", "Europe/Berlin", "2026-03-30T07:00:00Z"),  # an hour earlier than in winter
    ],
)
def test_the_next_time_it_opens(now: str, zone: str, expected: str) -> None:
    assert next_open_us(OFFICE, zone, us(now)) == us(expected)


TIMES = st.integers(0, 24 * 60)
WINDOWS = st.builds(
    lambda start, length, days: CallingWindow(
        f"{start // 60:02}:{start % 60:02}",
        f"{min(start + length, 1440) // 60:02}:{min(start + length, 1440) % 60:02}",
        days,
    ),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.lists(st.sampled_from(["mon", "tue", "sat", "sun"]), max_size=2, unique=True).map(tuple),
)


@given(
    st.lists(WINDOWS, min_size=1, max_size=2),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
    st.integers(0, 366 * 24 * 60),
)
@hypothesis_settings(max_examples=200, deadline=None)
def test_it_is_open_when_it_says_that_it_opens_and_closed_until_then(
    windows: list[CallingWindow], zone: str, minutes: int
) -> None:
    now_us = us("2026-01-01T00:00:00Z") + minutes * MINUTE_US

    opens_us = next_open_us(windows, zone, now_us)

    assert opens_us is not None and is_open(windows, zone, opens_us)
    for back in range(1, 180):
        earlier = opens_us - back * MINUTE_US
        if earlier < now_us:
            break
        # Where the clock skips an hour the window may open up to an hour before its stated time.
        assert not is_open(windows, zone, earlier) or back <= 60


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("00:00", 0),
        ("09:30", 570),
        ("24:00", 1440),
        ("24:01", None),
        ("9:30", None),
        ("09:60", None),
        ("", None),
    ],
)
def test_times_of_day(text: str, minute: int | None) -> None:
    assert minute_of(text) == minute


def test_windows_in_words() -> None:
    assert describe(OFFICE) == "mon tue wed thu fri 09:00-21:00"
    assert describe((CallingWindow("09:00", "21:00"),)) == "every day 09:00-21:00"
    assert describe(()) == "no calls at all"
