"""Whole columns of a batch to text: each value made once, in the campaign's zone."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from outdial.files.download.model import Value

_EXCEL_EPOCH_S = 25_569 * 86_400  # 1970-01-01 as an Excel serial number, in seconds
_MAX_KEPT = 20_000


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
        self._minutes: dict[int, tuple[str, str, int]] = {}

    def rfc3339(self, instant_us: int) -> str:
        """`2026-03-01T09:30:00+05:30`."""
        minute, second = divmod(instant_us // 1_000_000, 60)
        local, offset, _ = self._minutes.get(minute) or self._minute(minute)
        return f"{local}:{second:02d}{offset}"

    def plain(self, instant_us: int) -> str:
        """`2026-03-01 09:30:00`, for a document that names the zone once."""
        return self.rfc3339(instant_us)[:19].replace("T", " ")

    def serial(self, instant_us: int) -> str:
        """The Excel serial number of the local time."""
        seconds = instant_us // 1_000_000
        minute = seconds // 60
        _, _, offset_s = self._minutes.get(minute) or self._minute(minute)
        days, second = divmod(seconds + offset_s + _EXCEL_EPOCH_S, 86_400)
        return f"{days}{_FRACTIONS[second]}" if second else str(days)

    def _minute(self, minute: int) -> tuple[str, str, int]:
        if len(self._minutes) >= _MAX_KEPT:
            self._minutes.clear()
        local = datetime.fromtimestamp(minute * 60, UTC).astimezone(self._zone)
        text = local.isoformat(timespec="minutes")
        offset = local.utcoffset()
        found = (text[:16], text[16:], int(offset.total_seconds()) if offset else 0)
        self._minutes[minute] = found
        return found


class _Fractions(dict[int, str]):
    """Second of the day -> the fraction of a serial number, exact to the second."""

    def __missing__(self, second: int) -> str:
        made = self[second] = f"{second / 86_400:.10f}"[1:].rstrip("0")
        return made


_FRACTIONS = _Fractions()
