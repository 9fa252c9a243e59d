"""The rules of one row: its cells become a valid row, or a refused one that says everything that is wrong."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from types import NoneType
from typing import Any, Final

from outdial.files.columns import AGENT, EXPIRY, NAME, PHONE, PRIORITY, SKILL
from outdial.files.upload.cells import Cell, NumberText, text_of, whole_number
from outdial.files.upload.expiry import ExpiryInvalid, ExpiryReader
from outdial.files.upload.header import Layout
from outdial.files.upload.model import InvalidRow, RowFault, UploadRules, ValidRow
from outdial.files.upload.phone_plans import Phone
from outdial.files.upload.phones import certain_phone_of, phone_of

MAX_NAME = 200
MAX_PHONE = 60
MAX_ROW = 2_000
MAX_WORD = 100
"""Characters of an agent or skill, as in the campaign's settings."""
MAX_KEPT = 20_000
"""Characters of a refused row that are kept: a block of 500 such rows must still fit into the log."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = dict.fromkeys(
    [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
)
"""Soft hyphens, zero-width spaces and marks of direction, which come along when a number is copied."""
_NARROW_SPACE = "\u202f"
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
Report = Callable[[str, str, str], None]
MOST_REMEMBERED = 5_000
"""Values of one column that are kept for later rows."""
_FAULTY: Final = object()


class RowReader:
    """Reads the rows of one file by the campaign's rules; `now_us` decides what has expired."""

    def __init__(self, rules: UploadRules, layout: Layout, now_us: int) -> None:
        self._rules = rules
        self._layout = layout
        self._now_us = now_us
        self._expiry = ExpiryReader(rules.time_zone, rules.date_format)
        self._phone, self._name, self._priority, self._expires, self._agent, self._skill = (
            layout.at(column) for column in (PHONE, NAME, PRIORITY, EXPIRY, AGENT, SKILL)
        )
        self._agents = _by_fold(rules.agents)
        self._skills = _by_fold(rules.skills)
        self._width = max(layout.read, default=0) + 1
        self._known = (
            (self._priority, _remembering(self._read_priority)),
            (self._expires, _remembering(self._read_expiry)),
            (self._agent, _remembering(partial(self._read_known, AGENT))),
            (self._skill, _remembering(partial(self._read_known, SKILL))),
        )

    def read(self, number: int, cells: list[Cell]) -> ValidRow | InvalidRow:
        """Return the row, valid or refused. Faults stand in the order of the product's columns."""
        if len(cells) < self._width:
            cells = cells + [None] * (self._width - len(cells))
        return self._plain(number, cells) or self._judged(number, cells)

    def _plain(self, number: int, cells: list[Cell]) -> ValidRow | None:
        """The row if nothing in it needs a closer look: most cells say what an earlier one has said."""
        phone = self._certain_phone(cells[self._phone])
        name = text_of(cells[self._name]) if self._name >= 0 else ""
        priority, expires_us, agent, skill = [
            known[(cell := cells[at] if at >= 0 else None).__class__][cell] for at, known in self._known
        ]
        has_fault = priority is _FAULTY or expires_us is _FAULTY or agent is _FAULTY or skill is _FAULTY
        if phone is None or has_fault or len(name) > MAX_NAME or not name.isprintable():
            return None
        if sum([len(cell) for cell in cells if isinstance(cell, str)]) > MAX_ROW:
            return None
        extra = tuple([text_of(cells[index]) if index >= 0 else "" for index in self._layout.extra])
        return ValidRow(number, phone.e164, name, priority, expires_us, agent, skill, phone.zone, extra)

    def _judged(self, number: int, cells: list[Cell]) -> ValidRow | InvalidRow:
        faults: list[RowFault] = []

        def report(column: str, code: str, text: str) -> None:
            faults.append(RowFault(column, code, text))

        priority, expires_us, agent, skill = (
            cells[at] if at >= 0 else None for at in (self._priority, self._expires, self._agent, self._skill)
        )
        phone = self._read_phone(cells[self._phone], report)
        row = ValidRow(
            row=number,
            phone=phone.e164 if phone else "",
            name=self._read_name(cells, report),
            priority=self._read_priority(priority, report),
            expires_us=self._read_expiry(expires_us, report),
            agent=self._read_known(AGENT, agent, report),
            skill=self._read_known(SKILL, skill, report),
            zone=phone.zone if phone else "",
            extra=tuple([text_of(cells[index]) if index >= 0 else "" for index in self._layout.extra]),
        )
        if sum([len(cell) for cell in cells if isinstance(cell, str)]) > MAX_ROW:
            self._report_length(cells, report)
        return self.refused(number, cells, faults) if faults else row

    def refused(self, number: int, cells: list[Cell], faults: list[RowFault]) -> InvalidRow:
        """Return the row as it came, with what is wrong; each cell cut where no valid one ends."""
        first, *further = faults
        kept: list[str] = []
        left = MAX_KEPT
        for index in self._layout.read:
            text = text_of(cells[index]) if index < len(cells) else ""
            kept.append(text[: min(MAX_ROW + 1, left)])
            left -= len(kept[-1])
        return InvalidRow(number, first.column, first.code, first.text, tuple(kept), tuple(further))

    def _read_phone(self, cell: Cell, report: Report) -> Phone | None:
        text = _visible(text_of(cell))
        if not text:
            report(PHONE, "phone-missing", "the phone number is blank")
            return None
        if _EXPONENT.fullmatch(text) and not isinstance(cell, NumberText):
            text = _shown_exactly(text) or ""
        is_possible = len(text) <= MAX_PHONE and not (isinstance(cell, NumberText) and text[0] == "-")
        found = phone_of(text, self._rules.region) if is_possible else None
        if not found:
            report(PHONE, "phone-invalid", _why_no_phone(text_of(cell), self._rules.region))
        return found

    def _certain_phone(self, cell: Cell) -> Phone | None:
        text = text_of(cell)
        is_odd = len(text) > MAX_PHONE or (isinstance(cell, NumberText) and text[:1] == "-")
        return None if is_odd else certain_phone_of(text, self._rules.region)

    def _read_name(self, cells: list[Cell], report: Report) -> str:
        name = text_of(cells[self._name]) if self._name >= 0 else ""
        if len(name) > MAX_NAME:
            report(NAME, "name-invalid", f"the name has {len(name):,} characters, over {MAX_NAME}")
        elif not name.isprintable() and _CONTROL.search(name):
            report(NAME, "name-invalid", "the name has control characters (a line break, perhaps)")
        return name

    def _read_priority(self, cell: Cell, report: Report) -> int:
        text = text_of(cell)
        if not text:
            return 1
        whole = whole_number(text)
        if whole is None or not 1 <= int(whole) <= 99:
            report(PRIORITY, "priority-invalid", f"{text[:40]!r} is no whole number from 1 to 99")
            return 1
        return int(whole)

    def _read_expiry(self, cell: Cell, report: Report) -> int | None:
        try:
            expires_us = self._expiry.read(cell)
        except ExpiryInvalid as error:
            forms = ", ".join(filter(None, ("YYYY-MM-DD", "YYYY-MM-DD HH:MM:SS", self._rules.date_format)))
            report(EXPIRY, "expiry-invalid", f"{str(error)[:40]!r} is no date; write {forms} or a date cell")
            return None
        if expires_us is not None and expires_us <= self._now_us:
            report(EXPIRY, "expiry-past", f"{text_of(cell)[:40]} has passed")
        return expires_us

    def _read_known(self, column: str, cell: Cell, report: Report) -> str:
        """Agent or skill: needed by the dial method, and one that the campaign knows, whatever its case."""
        known, word = (self._agents, "agent") if column == AGENT else (self._skills, "skill")
        needed = self._rules.dial_method == f"{word}wise"
        text = text_of(cell)
        if not text:
            if needed:
                report(column, f"{word}-missing", f"the campaign is {word}-wise and the {word} is blank")
            return ""
        name = known.get(text.casefold())
        if name is None and (len(text) > MAX_WORD or _CONTROL.search(text)):
            what = f"a name has up to {MAX_WORD} characters and no control characters"
            report(column, f"{word}-unknown", f"{text[:40]!r} can be no {word}: {what}")
        elif name is None and (known or needed):
            report(column, f"{word}-unknown", f"the campaign has no {word} {text[:40]!r}")
        return text if name is None else name

    def _report_length(self, cells: list[Cell], report: Report) -> None:
        length = sum(len(text_of(cells[i])) for i in self._layout.read)
        if length > MAX_ROW:
            report("", "row-too-long", f"the row has {length:,} characters; at most {MAX_ROW:,} are taken")


class _Remembered(dict[Cell, Any]):
    """What each cell of a column means, kept from earlier rows; _FAULTY for one that is wrong."""

    def __init__(self, read: Callable[[Cell, Report], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: Cell) -> Any:
        faults: list[str] = []
        value = self._read(cell, lambda *fault: faults.extend(fault))
        if faults:
            return _FAULTY
        if not isinstance(cell, str) or len(cell) <= MAX_WORD:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[cell] = value
        return value


def _remembering(read: Callable[[Cell, Report], Any]) -> dict[type, _Remembered]:
    """By kind of cell: `7.0` as a number is equal to the text `7.0` and does not mean the same."""
    return {kind: _Remembered(read) for kind in (str, NumberText, datetime, NoneType)}


def _visible(text: str) -> str:
    """The text without what nobody sees."""
    return text if text.isascii() else text.replace(_NARROW_SPACE, " ").translate(_INVISIBLE).strip()


def _by_fold(names: frozenset[str]) -> dict[str, str]:
    return {name.casefold(): name for name in sorted(names)}


def _shown_exactly(text: str) -> str | None:
    """Every digit of a number shown as `9.19876543210E+11`, or None when its last digits are not shown."""
    mantissa, _, exponent = text.replace(",", ".").lower().partition("e")
    shown = len(mantissa.partition(".")[2])
    return whole_number(text.replace(",", ".")) if shown >= int(exponent) else None


def _why_no_phone(text: str, region: str) -> str:
    if _EXPONENT.fullmatch(text):
        return f"{text!r} is a shortened number whose last digits are lost; format the column as text"
    if text.isdigit() and len(text) > 10:
        return (
            f"{text[:40]!r} is no valid number in {region}; if it has a country code, write it as text with +"
        )
    return f"{text[:40]!r} is no valid number in {region}, nor an international one"
