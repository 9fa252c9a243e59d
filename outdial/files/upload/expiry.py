"""Expiry dates: the forms that are read, and the instant each means in the campaign's zone."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from outdial.files.upload.cells import Cell, NumberText, text_of

_LAST_YEAR = 9_998
"""So that the instant is a date of four digits in every zone."""
_EPOCH_ORDINAL = 719_163  # 1970-01-01
_TOKENS = (("YYYY", "%Y"), ("YY", "%y"), ("DD", "%d"), ("HH", "%H"), ("SS", "%S"), ("AM", "%p"))
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")


class ExpiryInvalid(Exception):
    """The cell is no date in any form that the campaign reads."""


class ExpiryReader:
    """Reads the expiry cells of one campaign."""

    def __init__(self, time_zone: str, date_format: str = "") -> None:
        self._zone = ZoneInfo(time_zone)
        self._form = strptime_form(date_format)
        self._has_time = bool(re.search("%[HIp]", self._form))
        self._of_day = lru_cache(maxsize=4_000)(self._last_second)

    def read(self, cell: Cell) -> int | None:
        """Return the last valid second in microseconds UTC; None for a blank cell. Raises ExpiryInvalid.

        A date without a time (and a date cell at midnight) is valid to the end of that day, in the
        campaign's zone.
        """
        if isinstance(cell, NumberText):
            raise ExpiryInvalid(text_of(cell))
        if isinstance(cell, datetime):
            whole_day = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
            return self._of_day(cell) if whole_day else self._instant(cell)
        text = text_of(cell)
        return self._read_text(text) if text else None

    def _read_text(self, text: str) -> int:
        try:
            if _ISO_DAY.fullmatch(text):
                return self._of_day(datetime.fromisoformat(text))
            if _ISO.fullmatch(text):
                return self._instant(datetime.fromisoformat(text))
            if self._form:
                return self._read_form(text)
        except (ValueError, OverflowError) as error:
            raise ExpiryInvalid(text) from error
        raise ExpiryInvalid(text)

    def _read_form(self, text: str) -> int:
        moment = datetime.strptime(text, self._form)  # noqa: DTZ007 - local by definition, placed in the zone below
        return self._instant(moment) if self._has_time else self._of_day(moment)

    def _last_second(self, day: datetime) -> int:
        return self._instant(day + timedelta(days=1, seconds=-1))

    def _instant(self, moment: datetime) -> int:
        if moment.year > _LAST_YEAR:
            raise ExpiryInvalid(f"{moment:%Y-%m-%d}")
        aware = moment if moment.tzinfo else moment.replace(tzinfo=self._zone)
        offset = aware.utcoffset() or timedelta()
        days = moment.toordinal() - _EPOCH_ORDINAL
        seconds = days * 86_400 + moment.hour * 3_600 + moment.minute * 60 + moment.second
        return (seconds - offset // timedelta(seconds=1)) * 1_000_000


def strptime_form(date_format: str) -> str:
    """Return the `strptime` form of a campaign's date format, given as that or as `DD/MM/YYYY HH:MM:SS`."""
    if not date_format or "%" in date_format:
        return date_format
    form = date_format.upper()
    for token, directive in _TOKENS:
        form = form.replace(token, directive)
    day, hour, time = form.partition("%H")
    return day.replace("MM", "%m") + hour + time.replace("MM", "%M")


def reads_dates(date_format: str) -> bool:
    """Whether a campaign's date format tells every day from every other; empty is fine."""
    form = strptime_form(date_format)
    days = [date(2031, month, day) for month in range(1, 13) for day in (1, 13, 28)]
    try:
        if form and f"{days[0]:{form}}" == f"{days[0].replace(year=2030):{form}}":
            return False  # it has no year; Python 3.13 and later warn of parsing that
        return not form or [datetime.strptime(f"{day:{form}}", form).date() for day in days] == days  # noqa: DTZ007
    except ValueError:
        return False
