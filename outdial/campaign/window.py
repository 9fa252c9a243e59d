"""The calling window: when a called party may be called, in the party's own zone, daylight saving included."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from outdial.campaign.settings import CallingWindow

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAY: Final = (CallingWindow("00:00", "24:00", DAYS),)
_TIME: Final = re.compile(r"(\d{2}):(\d{2})", re.ASCII)
_END_OF_DAY: Final = 24 * 60
_SECOND_US: Final = 1_000_000
_DAYS_AHEAD: Final = 8  # a window may be open on one day of the week, and today's may be over


def minute_of(text: str) -> int | None:
    """Minutes since midnight of HH:MM, 24:00 included; None when it is no time."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    total = hours * 60 + minutes
    return total if minutes < 60 and total <= _END_OF_DAY else None


def is_open(windows: Sequence[CallingWindow], zone: str, now_us: int) -> bool:
    """Whether somebody in the zone may be called now; no window = never, no days = every day."""
    local = _local(now_us, zone)
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in _of_day(windows, local.weekday()))


def next_open_us(windows: Sequence[CallingWindow], zone: str, now_us: int) -> int | None:
    """The first instant from now on at which somebody in the zone may be called, to the minute; None = never."""
    if is_open(windows, zone, now_us):
        return now_us
    local = _local(now_us, zone)
    found: list[int] = []
    for ahead in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=ahead)
        for start, _ in _of_day(windows, day.weekday()):
            # A time that the clock skips or repeats has two instants; those that are not open drop out below.
            for fold in (0, 1):
                opening = datetime(
                    day.year, day.month, day.day, start // 60, start % 60, tzinfo=ZoneInfo(zone)
                )
                found.append(int(opening.replace(fold=fold).timestamp()) * _SECOND_US)
    return min((at for at in found if at > now_us and is_open(windows, zone, at)), default=None)


def describe(windows: Sequence[CallingWindow]) -> str:
    """The windows in words for people."""
    told = [f"{' '.join(window.days) or 'every day'} {window.start}-{window.end}" for window in windows]
    return ", ".join(told) or "no calls at all"


def _of_day(windows: Sequence[CallingWindow], weekday: int) -> list[tuple[int, int]]:
    return [
        (minute_of(window.start) or 0, minute_of(window.end) or 0)
        for window in windows
        if not window.days or DAYS[weekday] in window.days
    ]


def _local(now_us: int, zone: str) -> datetime:
    return datetime.fromtimestamp(now_us // _SECOND_US, UTC).astimezone(ZoneInfo(zone))
