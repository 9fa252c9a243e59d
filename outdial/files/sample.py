"""A sample workbook with the dirt that Excel files really have, and the exact account of what is in it."""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from outdial.files.sample_phones import sample_phone

SampleCell = str | int | float | datetime | None
SAMPLE_REGION, SAMPLE_ZONE = "GB", "Europe/London"
SAMPLE_COLUMNS = ("City",)
SAMPLE_HEADER = (" phone_number", "NAME ", "Priority", "Expiry Date", "AgentID", "skill", "City", "Status")
_DAY = datetime(2035, 6, 30)  # noqa: DTZ001 - a date cell has no zone
MAX_SAMPLE_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was written: `rows` = `valid` + `invalid` + `duplicates`; `blank` rows stand between them."""

    rows: int
    valid: int
    invalid: int
    duplicates: int
    blank: int
    codes: dict[str, int]
    """How many rows have which row code as their first fault (`duplicate-in-file` included)."""


def write_sample(path: Path, rows: int, seed: int = 1) -> SampleSummary:
    """Write a workbook of `rows` filled rows for a campaign of SAMPLE_REGION, SAMPLE_ZONE, SAMPLE_COLUMNS.

    The table stands on the third sheet under a title; a visible sheet without numbers and a hidden one with
    old numbers stand before it. Expiry dates are in 2035; the same seed gives the same file.
    """
    if not 1 <= rows <= MAX_SAMPLE_ROWS:
        raise ValueError(f"a sample has 1 to {MAX_SAMPLE_ROWS:,} rows, not {rows}")
    book = Workbook(write_only=True)
    _write_notes(book.create_sheet("Read me"))
    _write_old(book.create_sheet("Old numbers"))
    sheet = book.create_sheet("Contacts")
    sheet.append(["Spring calls"])
    sheet.append([])
    sheet.append(list(SAMPLE_HEADER))
    dirt = _Dirt(random.Random(seed))  # noqa: S311 - a sample is no secret
    for cells in dirt.rows(rows):
        sheet.append([_cell(sheet, value) for value in cells])
    book.save(path)
    return dirt.summary(rows)


def _write_notes(sheet: WriteOnlyWorksheet) -> None:
    sheet.append(["Contacts of the spring campaign. The rows are on the sheet Contacts."])


def _write_old(sheet: WriteOnlyWorksheet) -> None:
    sheet.sheet_state = "hidden"  # type: ignore[attr-defined]  # its stub lacks it
    sheet.append(["PhoneNumber", "Name"])
    sheet.append(["020 7946 0999", "Last year"])


def _cell(sheet: WriteOnlyWorksheet, value: SampleCell) -> Cell | SampleCell:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"  # a name such as =1+1 is a name
    return cell


_NAMES = (
    "Asha Sharma",
    "  O'Brien, Sinéad ",
    "राहुल शर्मा",
    "محمد علي",
    "王小明",
    "D'Souza (Mrs.)",
    "김철수",
    "=1+1",
    "-Anna",
    "@home",
    'Quote "q", <tag> & co',
    "José Zoë Łukasz",
    "",
    "Sato さとう",
)
_NOTATIONS: tuple[Callable[[str], SampleCell], ...] = (
    lambda phone: phone,
    lambda phone: f" {phone[:3]} {phone[3:6]} {phone[6:]}  ",
    lambda phone: f"00{phone[1:]}",
    lambda phone: f"{phone[:5]}-{phone[5:8]}-{phone[8:]}",
    lambda phone: f"{phone[:3]}\u00a0{phone[3:]}",
)
_BRITISH: tuple[Callable[[str], SampleCell], ...] = (
    lambda phone: int(phone[1:]),  # Excel ate the plus
    lambda phone: int(phone[3:]),  # Excel ate the zero
    lambda phone: float(phone[3:]),
    lambda phone: f"0{phone[3:]}",
    lambda phone: f"(0{phone[3:6]}) {phone[6:9]}-{phone[9:]}",
    lambda phone: f"+44 (0){phone[3:6]} {phone[6:]}",
)
_EXPIRIES: tuple[SampleCell, ...] = (
    None,
    _DAY,
    _DAY + timedelta(hours=18),
    "2035-06-30",
    " 2035-06-30 18:00:00 ",
    None,
)
_PRIORITIES: tuple[SampleCell, ...] = (None, 5, "7", " 12 ", 3.0, 99, None, 1)
_CITIES: tuple[SampleCell, ...] = ("Leeds", "  London", None, "पुणे", 1234, "東京")
_BAD_PHONES: tuple[SampleCell, ...] = (
    "12345",
    "no number",
    "+44 20 7946",
    123,
    "+999 123 4567",
    "4.42079E+11",
)
_PHONE, _NAME, _PRIORITY, _EXPIRY = range(4)
_FAULTS: dict[int, tuple[str, int, tuple[SampleCell, ...]]] = {
    7: ("phone-invalid", _PHONE, _BAD_PHONES),
    31: ("phone-missing", _PHONE, (None, "   ")),
    23: ("priority-invalid", _PRIORITY, (0, 100, "high", 1.5, "-3")),
    41: ("expiry-past", _EXPIRY, ("2019-12-31", datetime(2019, 12, 31))),  # noqa: DTZ001 - as above
    53: ("expiry-invalid", _EXPIRY, ("31.13.2030", "soon", 12.5)),
    67: ("name-invalid", _NAME, ("x" * 201, "two\nlines")),
}
_DUPLICATES = (17, 71)
_BLANK_BEFORE = 13
_PERIOD = 100


class _Dirt:
    """Makes the rows: in every hundred, each fault once, two duplicates and a blank row."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._phones = 0
        self._earlier: deque[str] = deque(maxlen=_PERIOD)
        self._codes: Counter[str] = Counter()
        self._blank = 0

    def rows(self, count: int) -> Iterator[list[SampleCell]]:
        for index in range(count):
            place = index % _PERIOD
            if place == _BLANK_BEFORE:
                self._blank += 1
                yield [None, "  ", None] if index // _PERIOD % 2 else []
            if place in _FAULTS:
                yield self._faulty(index, *_FAULTS[place])
            elif place in _DUPLICATES:
                self._codes["duplicate-in-file"] += 1
                yield self._row(index, self._random.choice(self._earlier))
            else:
                yield self._row(index, self._new_phone(valid=True))

    def summary(self, rows: int) -> SampleSummary:
        duplicates = self._codes["duplicate-in-file"]
        invalid = self._codes.total() - duplicates
        return SampleSummary(
            rows=rows,
            valid=rows - invalid - duplicates,
            invalid=invalid,
            duplicates=duplicates,
            blank=self._blank,
            codes=dict(self._codes),
        )

    def _new_phone(self, valid: bool = False) -> str:
        phone = sample_phone(self._phones)
        self._phones += 1
        if valid:
            self._earlier.append(phone)
        return phone

    def _faulty(self, index: int, code: str, column: int, values: tuple[SampleCell, ...]) -> list[SampleCell]:
        self._codes[code] += 1
        # A good number that no other row has, so that the fault is the only one.
        row = self._row(index, self._new_phone())
        row[column] = self._random.choice(values)
        return row

    def _row(self, index: int, phone: str) -> list[SampleCell]:
        pick = self._random.choice
        notations = _NOTATIONS + _BRITISH if phone.startswith("+44") else _NOTATIONS
        name = pick(_NAMES)
        if name and index % 3:
            name = f"{name} {index}"
        agent, skill = pick(("agent-1", None, " agent-2 ")), pick(("sales", None, "support"))
        return [
            pick(notations)(phone),
            name,
            pick(_PRIORITIES),
            pick(_EXPIRIES),
            agent,
            skill,
            pick(_CITIES),
            "Pending",
        ]
