"""Cells as read from a file: text, numbers with their source text, and dates; and how each becomes text."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation


class NumberText(str):
    """A numeric cell, as the digits that stand in the file: a phone number never becomes 9.19E+11."""

    __slots__ = ()


Cell = str | datetime | None
"""`NumberText` for numeric cells, naive `datetime` for date cells (the campaign's zone), None for none."""

DAY_ZERO_1900 = datetime(1899, 12, 30, tzinfo=UTC).replace(tzinfo=None)
DAY_ZERO_1904 = datetime(1904, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_LAST_SERIAL = 2_958_466  # the day after 9999-12-31
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_PLAIN = re.compile(r"-?\d{1,15}")
MAX_CELL = 32_767
"""Characters that one Excel cell may hold."""


def date_of_serial(serial: str, zero: datetime) -> Cell:
    """Return the date of an Excel serial number, to the second; a number that is no date stays one."""
    try:
        days = float(serial)
    except ValueError:
        return NumberText(serial)
    if not 0 <= days < _LAST_SERIAL:
        return NumberText(serial)
    try:
        return zero + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return NumberText(serial)


def date_of_iso(text: str) -> Cell:
    """Return the date of an ISO 8601 cell as it stands, without an offset; what is no date stays text."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return text


def unescaped(text: str) -> str:
    """Return text with `_x000D_` and the like as the letters they stand for (ECMA-376, ST_Xstring).

    What stands for no letter (NUL, half of a pair) becomes U+FFFD: no store and no other format has it.
    """
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda one: chr(int(one[1], 16) or 0xFFFD), text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def text_of(cell: Cell) -> str:
    """Return the cell as Excel shows it (15 significant digits), without spaces around it."""
    if cell.__class__ is str:
        return cell.strip()  # nearly every cell is one: quickly told by its class
    if cell is None:
        return ""
    if isinstance(cell, NumberText):
        return _number_text(cell)
    if isinstance(cell, datetime):
        form = "%Y-%m-%d" if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else "%Y-%m-%d %H:%M:%S"
        return cell.strftime(form)
    return cell.strip()


def _number_text(cell: NumberText) -> str:
    if len(cell) <= 15 and cell.isdecimal():
        return str.strip(cell)
    if _PLAIN.fullmatch(cell):
        return str.strip(cell)
    whole = whole_number(cell)
    if whole is not None:
        return whole
    try:
        return f"{float(cell):.15g}"
    except (ValueError, OverflowError):
        return str(cell).strip()


def whole_number(text: str) -> str | None:
    """Return every digit of a number that is whole (`9.1987654321E11`, `919876543210.0`), else None."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > 40 or number != number.to_integral_value():
        return None
    return format(number.to_integral_value(), "f")
