"""One sheet of a workbook as rows of cells, streamed: memory does not grow with the rows."""

from collections.abc import Iterator

from outdial.files.upload.cells import MAX_CELL, Cell, NumberText, date_of_iso, date_of_serial, unescaped
from outdial.files.upload.model import UploadRejected
from outdial.files.upload.package import Attributes, Handlers, Package, Sheet, damaged

MAX_COLUMNS = 1_024
MAX_ROWS = 1_048_576
Row = tuple[int, list[Cell]]
"""Excel's row number and its cells from column A on; columns that are not there are None."""


def sheet_rows(package: Package, sheet: Sheet) -> Iterator[Row]:
    """Yield the rows that stand in the sheet, by their numbers. Raises UploadRejected for a damaged sheet."""
    reader = _SheetReader(package, sheet)
    for _ in package.parse(sheet.part, Handlers(reader.root, reader.end, reader.text)):
        if reader.ready:
            yield from reader.ready
            reader.ready.clear()


class _SheetReader:
    """Expat handlers of one sheet. The root element tells the prefix that its elements have."""

    def __init__(self, package: Package, sheet: Sheet) -> None:
        self.ready: list[Row] = []
        self._package = package
        self._sheet = sheet
        self._columns: dict[str, int] = {}
        self._cells: list[Cell] = []
        self._row = 0
        self._column = 0
        self._kind: str | None = None
        self._style: str | None = None
        self._pieces: list[str] = []
        self._length = 0
        self._inside = False
        self._phonetic = False
        self._started = False
        self._c = self._v = self._t = self._r = self._p = ""

    def root(self, tag: str, attributes: Attributes) -> None:
        if self._started:
            self._start(tag, attributes)
            return
        prefix = tag[: -len("worksheet")] if tag.endswith("worksheet") else ""
        names = ("c", "v", "t", "row", "rPh")
        self._c, self._v, self._t, self._r, self._p = (prefix + name for name in names)
        self._started = True

    def _start(self, tag: str, attributes: Attributes) -> None:
        if tag == self._c:
            self._start_cell(attributes)
        elif tag in (self._v, self._t):
            self._inside = not self._phonetic
        elif tag == self._r:
            self._start_row(attributes.get("r"))
        elif tag == self._p:
            self._phonetic = True

    def _start_cell(self, attributes: Attributes) -> None:
        get = attributes.get
        reference = get("r")
        if reference is None:
            column = self._column + 1
        else:
            letters = reference.rstrip("0123456789")
            column = self._columns.get(letters) or self._columns.setdefault(letters, column_number(letters))
        if not 0 < column <= MAX_COLUMNS:
            raise self._outside(reference or "")
        self._column = column
        self._kind = get("t")
        self._style = get("s")

    def _start_row(self, number: str | None) -> None:
        self._column = 0
        self._cells = []
        plain = number is not None and number.isascii() and number.isdigit()
        row = int(number[:9]) if plain and number else 0
        self._row = row if row > self._row else self._row + 1
        if self._row > MAX_ROWS:
            raise damaged(self._sheet.part, f"has a row number above {MAX_ROWS:,}")

    def end(self, tag: str) -> None:
        if tag == self._c:
            if self._pieces:
                self._end_cell()
        elif tag in (self._v, self._t):
            self._inside = False
        elif tag == self._r:
            self.ready.append((self._row, self._cells))
        elif tag == self._p:
            self._phonetic = False

    def _end_cell(self) -> None:
        pieces = self._pieces
        raw = pieces[0] if len(pieces) == 1 else "".join(pieces)
        pieces.clear()
        self._length = 0
        cells = self._cells
        missing = self._column - 1 - len(cells)
        if missing < 0:
            cells[self._column - 1] = self._value(raw)
            return
        if missing:
            cells.extend([None] * missing)
        cells.append(self._value(raw))

    def _value(self, raw: str) -> Cell:
        kind = self._kind
        if kind == "s":
            return self._shared(raw)
        if kind is None or kind == "n":
            if self._style in self._package.date_styles:
                return date_of_serial(raw, self._package.day_zero)
            return NumberText(raw)
        if kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if kind == "d":
            return date_of_iso(raw)
        return unescaped(
            raw
        )  # inline text, text of a formula, and errors such as #N/A, which no column takes

    def _shared(self, raw: str) -> str:
        try:
            index = int(raw)
            if index < 0:
                raise IndexError(index)
            return self._package.strings[index]
        except (ValueError, IndexError) as error:
            raise damaged(self._sheet.part, "refers to a text that is not there") from error

    def text(self, piece: str) -> None:
        if self._inside and self._length <= MAX_CELL:
            self._length += len(piece)
            self._pieces.append(piece[: MAX_CELL + 1])

    def _outside(self, reference: str) -> UploadRejected:
        where = f"Cell {reference[:12]} of sheet {self._sheet.name[:40]!r}"
        detail = f"{where} lies outside the table. Delete everything right of the table and save again."
        return UploadRejected("column-unknown", detail, {"columns": [reference[:12]]})


def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA; 0 for what is no column."""
    number = 0
    for letter in letters:
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
