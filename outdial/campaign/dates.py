"""Date bounds of filters as instants: a date is its whole day in the campaign's zone, instants are half-open."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from outdial.campaign.filter import Filter

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether it is an IANA zone that this machine knows."""
    try:
        return ZoneInfo(name).key == name
    except (LookupError, ValueError, OSError):
        return False


def date_range_us(one: Filter, zone: str) -> tuple[int | None, int | None]:
    """From (included) and to (excluded) in microseconds UTC, None = no bound.

    ValueError for a bound that is neither a date nor an RFC 3339 instant with its offset.
    """
    first = None if one.from_date is None else _instant_us(one.from_date, zone, days=0)
    last = None if one.to_date is None else _instant_us(one.to_date, zone, days=1)
    return first, last


def day_start_us(day: date, zone: str) -> int:
    """The first instant of a day in a zone. Where the clock skips midnight it is the instant of the skip."""
    return _us(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


def _instant_us(text: str, zone: str, days: int) -> int:
    try:
        if _DATE.fullmatch(text):
            return day_start_us(date.fromisoformat(text) + timedelta(days=days), zone)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None and "T" in text.upper():
            return _us(moment)
    except (ValueError, OverflowError):
        pass
    raise ValueError(
        f"{text!r} is neither a date such as 2026-11-25 nor an instant such as 2026-11-25T09:00:00Z"
    )


def _us(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND
