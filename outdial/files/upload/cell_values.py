"""What the raw text of a sheet's cells and references means, for both ways of reading a sheet."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from outdial.files.upload.cells import MAX_CELL, Cell, NumberText, date_of_iso, date_of_serial, unescaped
from outdial.files.upload.model import UploadRejected
from outdial.files.upload.package import Package, Sheet
from outdial.files.upload.parts import damaged

MAX_COLUMNS = 1_024
MAX_ROWS = 1_048_576
MOST_DATES = 5_000


class CellValues:
    """Values, columns and row numbers of one sheet. Raises UploadRejected for what no workbook has."""

    def __init__(self, package: Package, sheet: Sheet) -> None:
        self._strings = package.strings
        self._known_strings = package.strings.known
        self._dates = package.date_styles
        self._sheet = sheet
        self._known_dates = _Dates(package.day_zero)
        self._columns: dict[str, int] = {}

    def value(self, kind: str, style: str, raw: str) -> Cell:
        """The value of a cell of a kind (attribute t) and style (attribute s), each empty when not given."""
        if kind == "s":
            return self._shared(raw)
        if kind in ("", "n"):
            return self._known_dates[raw] if style in self._dates else NumberText(raw)
        if kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if kind == "d":
            return date_of_iso(raw)
        # Inline text, the text of a formula, and errors such as #N/A, which no column takes.
        return unescaped(raw[: MAX_CELL + 1]) if "_x" in raw else raw[: MAX_CELL + 1]

    def reader(self, kind: str, style: str) -> Callable[[str], Cell]:
        """What reads the raw values of cells of one kind and style."""
        if kind == "s":
            return self._shared
        if kind in ("", "n"):
            return self._known_dates.__getitem__ if style in self._dates else NumberText
        return partial(self.value, kind, style)

    def column(self, letters: str) -> int:
        """The number of a column, 1 for A; 0 for what is no column."""
        column = self._columns.get(letters)
        if column is None:
            column = column_number(letters)
            if 0 < column <= MAX_COLUMNS:
                self._columns[letters] = column
        return column

    def put(self, cells: list[Cell], column: int, value: Cell) -> None:
        """Set the cell of a column that a table may have. A blank cell may stand anywhere: it is not set."""
        if column == len(cells) + 1 and column <= MAX_COLUMNS:
            cells.append(value)
        elif 0 < column <= MAX_COLUMNS:
            _put(cells, column, value)
        else:
            letters = column_letters(column) or "?"
            where = f"Column {letters[:12]} of sheet {self._sheet.name[:40]!r}"
            detail = f"{where} lies outside the table. Delete everything right of the table and save again."
            raise UploadRejected("column-unknown", detail, {"columns": [letters[:12]]})

    def row(self, number: str, before: int) -> int:
        """The number of a row: as given, if it lies below the row before."""
        given = int(number[:9]) if number.isascii() and number.isdigit() else 0
        row = given if given > before else before + 1
        if row > MAX_ROWS:
            raise damaged(self._sheet.part, f"has a row number above {MAX_ROWS:,}")
        return row

    def _shared(self, raw: str) -> str:
        try:
            index = int(raw)
            if 0 <= index < len(self._known_strings):
                return self._known_strings[index]
            if index < 0:
                raise IndexError(index)
            return self._strings[index]
        except (ValueError, IndexError) as error:
            raise damaged(self._sheet.part, "refers to a text that is not there") from error


class _Dates(dict[str, Cell]):
    """Dates of serial numbers that stood in earlier rows; one object for each."""

    def __init__(self, day_zero: datetime) -> None:
        super().__init__()
        self._day_zero = day_zero

    def __missing__(self, serial: str) -> Cell:
        if len(self) >= MOST_DATES:
            self.clear()
        self[serial] = date_of_serial(serial, self._day_zero)
        return self[serial]


def _put(cells: list[Cell], column: int, value: Cell) -> None:
    """Set the cell of a column, filling the gap before it."""
    missing = column - 1 - len(cells)
    if missing < 0:
        cells[column - 1] = value
        return
    if missing:
        cells.extend([None] * missing)
    cells.append(value)


def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA; 0 for what is no column."""
    number = 0
    for letter in letters[:8]:
        if not "A" <= letter <= "Z":
            return 0
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """Return A for 1, AA for 27."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
