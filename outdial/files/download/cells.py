"""Whole columns of a batch to text: each value made once, in the campaign's zone."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from outdial.files.download.model import Value

_EXCEL_EPOCH_S = 25_569 * 86_400  # 1970-01-01 as an Excel serial number, in seconds
_UNIX_ORDINAL = date(1970, 1, 1).toordinal()
_MAX_KEPT = 20_000
_TWO = [f"{number:02d}" for number in range(60)]
_MINUTES = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1_440)]


def each(values: Sequence[Value], make: Callable[[Value], str]) -> list[str]:
    """Return `make` of every value; values that repeat are made once."""
    distinct = set(values)
    if len(distinct) * 2 > len(values):
        return [make(value) for value in values]
    made = {value: make(value) for value in distinct}
    return [made[value] for value in values]


class LocalTimes:
    """Instants as local times of one zone, to the second (fractions are cut)."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._offsets: dict[int, tuple[int, str]] = {}
        self._days: dict[int, str] = {}

    def rfc3339(self, instant_us: int) -> str:
        """`2026-03-01T09:30:00+05:30`."""
        seconds = instant_us // 1_000_000
        offset_s, offset = self._offsets.get(seconds // 86_400) or self._offset(seconds)
        days, second = divmod(seconds + offset_s, 86_400)
        minute, second = divmod(second, 60)
        return f"{self._days.get(days) or self._day(days)}T{_MINUTES[minute]}:{_TWO[second]}{offset}"

    def plain(self, instant_us: int) -> str:
        """`2026-03-01 09:30:00`, for a document that names the zone once."""
        seconds = instant_us // 1_000_000
        offset_s, _ = self._offsets.get(seconds // 86_400) or self._offset(seconds)
        days, second = divmod(seconds + offset_s, 86_400)
        minute, second = divmod(second, 60)
        return f"{self._days.get(days) or self._day(days)} {_MINUTES[minute]}:{_TWO[second]}"

    def serial(self, instant_us: int) -> str:
        """The Excel serial number of the local time, exact to the second."""
        seconds = instant_us // 1_000_000
        offset_s, _ = self._offsets.get(seconds // 86_400) or self._offset(seconds)
        return f"{(seconds + offset_s + _EXCEL_EPOCH_S) / 86_400:.10f}"

    def is_told(self, instant_us: int) -> bool:
        """Whether a date cell of the local time is read back as this instant.

        At midnight it means the whole day, and in the hour that a clock repeats it means the first one.
        """
        local = datetime.fromtimestamp(instant_us // 1_000_000, UTC).astimezone(self._zone)
        return local.fold == 0 and (local.hour, local.minute, local.second) != (0, 0, 0)

    def _offset(self, seconds: int) -> tuple[int, str]:
        """The offset at an instant; kept for its whole UTC day unless the clock changes in it."""
        day = seconds // 86_400
        found = self._offset_at(seconds)
        if self._offset_at(day * 86_400) == self._offset_at(day * 86_400 + 86_399) == found:
            if len(self._offsets) >= _MAX_KEPT:
                self._offsets.clear()
            self._offsets[day] = found
        return found

    def _offset_at(self, seconds: int) -> tuple[int, str]:
        local = datetime.fromtimestamp(seconds, UTC).astimezone(self._zone)
        offset = local.utcoffset() or timedelta()
        return int(offset.total_seconds()), local.isoformat()[19:]

    def _day(self, days: int) -> str:
        if len(self._days) >= _MAX_KEPT:
            self._days.clear()
        made = self._days[days] = date.fromordinal(_UNIX_ORDINAL + days).isoformat()
        return made
