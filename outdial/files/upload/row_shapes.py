"""Rows that are written as an earlier one was: one pattern for the whole row reads all of its values."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from outdial.files.upload.cell_values import CellValues
from outdial.files.upload.cells import Cell

MOST_KEPT: Final = 8
MOST_LEARNT: Final = 50
"""Patterns of one sheet. Making one takes as long as reading a hundred rows without it."""
MOST_CELLS: Final = 200
_VARYING: Final = re.compile(
    r'(<c r="[A-Z]{1,8})\d{1,7}(?=")|(<(?:v|t)(?: xml:space="preserve")?>)[^<]+(?=</)'
)
Read = Callable[[str], Cell]
Found = Sequence[tuple[int, str, str]]
"""Column, kind and style of the cells of a row that have a value."""


@dataclass(frozen=True, slots=True)
class _Shape:
    pattern: re.Pattern[str]
    reads: Sequence[Read]
    places: Sequence[int]
    """Indexes of the cells; none when they follow each other from the first column on."""


class RowShapes:
    """The shapes of one sheet, the one that was met last first."""

    def __init__(self, start: str, values: CellValues) -> None:
        self._start = start
        self._values = values
        self._kept: list[_Shape] = []
        self._learnt = 0

    def read(self, text: str, at: int) -> tuple[re.Match[str], list[Cell]] | None:
        """The row that begins there, its first group as `start` has it, and its cells; None if its shape is new."""
        for place, shape in enumerate(self._kept):
            if row := shape.pattern.match(text, at):
                if place:
                    self._kept.insert(0, self._kept.pop(place))
                return row, self._cells(shape, row.groups()[1:])
        return None

    def learn(self, body: str, found: Found) -> None:
        """Keep the shape of a row that was read: what stood between its tags, and the cells found there."""
        columns = [column for column, _, _ in found]
        is_usual = columns == sorted(set(columns)) and len(columns) <= MOST_CELLS and "&" not in body
        if not is_usual or self._learnt >= MOST_LEARNT:
            return
        self._learnt += 1
        pattern = re.compile(f"{self._start}{_generalised(body)}</row>")
        if pattern.groups != len(found) + 1:
            return
        reads = [self._values.reader(kind, style) for _, kind, style in found]
        places = [] if columns == list(range(1, len(columns) + 1)) else [column - 1 for column in columns]
        self._kept = [_Shape(pattern, reads, places), *self._kept[: MOST_KEPT - 1]]

    def _cells(self, shape: _Shape, raw: Sequence[str]) -> list[Cell]:
        read = [value(text) for value, text in zip(shape.reads, raw, strict=True)]
        if not shape.places:
            return read
        cells: list[Cell] = [None] * (shape.places[-1] + 1)
        for place, cell in zip(shape.places, read, strict=True):
            cells[place] = cell
        return cells


def _generalised(body: str) -> str:
    """The pattern of rows that differ from this one in row number and values; each value is a group."""
    pieces: list[str] = []
    at = 0
    for varying in _VARYING.finditer(body):
        pieces.append(re.escape(body[at : varying.start()]))
        if varying[1]:
            pieces.append(re.escape(varying[1]) + r"\d{1,7}")
        else:
            pieces.append(re.escape(varying[2]) + "([^<&]+)")
        at = varying.end()
    return "".join(pieces) + re.escape(body[at:])
