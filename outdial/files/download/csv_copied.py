"""The rules of the CSV writer as SQL, so that PostgreSQL's COPY formats the rows; the bytes are the same.

COPY does three things in its own way, which `_finished` corrects block by block: lines end in a line feed alone,
and a semicolon or a tab is no reason to quote.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from outdial.files.download.csv_file import FORMULA_LETTERS, csv_head
from outdial.files.download.model import Column, DownloadAbout, DownloadOptions, Kind, check_rows

COPY_FORM: Final = "(FORMAT csv, NULL ';')"
"""No cell is NULL, and the empty text is written as nothing only where that is not what NULL is written as."""

_LETTERS: Final = ", ".join(str(ord(letter)) for letter in FORMULA_LETTERS)
_PARTED: Final = re.compile(rb"(?:^|(?<=[,\n]))[^,\n;\t]*+[;\t][^,\n]*+")
_STEP_S: Final = 5 * 86_400  # no offset lasted less
_STEPS: Final = 26 * 365  # from 1970 to 2100; rules of a zone repeat every year long before
_WHOLE_HOUR_S: Final = 3_600
Make = Callable[[str], str]


def csv_select(
    columns: Sequence[Column], cells: Mapping[str, str], time_zone: str, options: DownloadOptions
) -> str:
    """The select list for COPY with COPY_FORM, in a session whose time zone is `time_zone`.

    `cells` has an SQL expression per column's name: no NULL, instants in microseconds UTC with 0 for blank.
    """
    text = _exact if options.exact else _safe
    makers: dict[Kind, Make] = {
        "integer": _exact,
        "instant": _instant(time_zone),
        "phone": _exact if options.exact else _phone,
        "text": text,
    }
    return ", ".join([makers[column.kind](cells[column.name]) for column in columns])


def write_copied(
    columns: Sequence[Column],
    about: DownloadAbout,
    copied: Iterable[tuple[int, bytes]],
    options: DownloadOptions,
) -> Iterator[bytes]:
    """Yield the file from what COPY made: whole rows, and how many. Raises DownloadBroken like every writer."""
    yield csv_head(columns, options)
    came = 0
    for rows, block in copied:
        came += rows
        yield _finished(block)
    check_rows(came, about)


def _finished(block: bytes) -> bytes:
    """Whole rows with line ends of RFC 4180, and quotes where a semicolon or a tab is in a cell.

    What stands between two quotes, counted from the start of the block, is inside a cell when its number is odd.
    """
    if b'"' not in block:
        return _outside(block)
    parts = block.split(b'"')
    parts[::2] = map(_outside, parts[::2])
    return b'"'.join(parts)


def _outside(part: bytes) -> bytes:
    if b";" in part or b"\t" in part:
        part = _PARTED.sub(rb'"\g<0>"', part)
    return part.replace(b"\n", b"\r\n")


def _exact(cell: str) -> str:
    return cell


def _safe(cell: str) -> str:
    return f"CASE WHEN ascii(ltrim({cell}, '''')) IN ({_LETTERS}) THEN '''' || {cell} ELSE {cell} END"


def _phone(cell: str) -> str:
    """An E.164 number is what a whole number of 2 to 15 digits looks like after a plus; far faster than a regex."""
    plain = f"'+' || {cell}::int8 = {cell} AND length({cell}) BETWEEN 3 AND 16"
    valid = f"CASE WHEN {plain} THEN {cell} ELSE {_safe(cell)} END"
    return f"CASE WHEN pg_input_is_valid({cell}, 'int8') THEN {valid} ELSE {_safe(cell)} END"


def _instant(time_zone: str) -> Make:
    """RFC 3339 of the session's zone. PostgreSQL leaves the minutes of a whole hour's offset away."""
    local, hours = "to_timestamp({0} / 1000000)", _offsets_in_hours(time_zone)
    if hours is None:
        made = f"to_jsonb({local}) #>> '{{{{}}}}'"
    else:
        made = f"replace({local}::text, ' ', 'T')" + (" || ':00'" if hours else "")
    return ("CASE {0} WHEN 0 THEN '' ELSE " + made + " END").format


@lru_cache(maxsize=64)
def _offsets_in_hours(time_zone: str) -> bool | None:
    """Whether the zone's offsets are whole hours, since 1970; None when some are and some are not."""
    zone = ZoneInfo(time_zone)
    found = {_is_whole(zone, step) for step in range(_STEPS)}
    return found.pop() if len(found) == 1 else None


def _is_whole(zone: ZoneInfo, step: int) -> bool:
    offset = datetime.fromtimestamp(step * _STEP_S, zone).utcoffset() or timedelta()
    return not offset.total_seconds() % _WHOLE_HOUR_S
