"""One sheet of a workbook as rows of cells, streamed: memory does not grow with the rows."""

from collections.abc import Iterator
from itertools import chain

from outdial.files.upload.cell_values import CellValues
from outdial.files.upload.cells import MAX_CELL, Cell
from outdial.files.upload.package import Package, Sheet
from outdial.files.upload.parts import Attributes, Handlers, parse_blocks
from outdial.files.upload.scan import RowScanner

Row = tuple[int, list[Cell]]
"""Excel's row number and its cells from column A on; columns that are not there are None."""


def sheet_rows(package: Package, sheet: Sheet) -> Iterator[Row]:
    """Yield the rows that stand in the sheet, by their numbers. Raises UploadRejected for a damaged sheet."""
    yield from scanned_rows(package.read(sheet.part), sheet, CellValues(package, sheet))
    package.strings.read_all()


def scanned_rows(blocks: Iterator[bytes], sheet: Sheet, values: CellValues) -> Iterator[Row]:
    """Yield the rows of a sheet: by the scanner as far as it takes them, the rest by expat."""
    scanner = RowScanner(blocks, values)
    yield from scanner.rows()
    yield from parsed_rows(chain((scanner.head + scanner.left,), blocks), sheet, values, scanner.row)


def parsed_rows(blocks: Iterator[bytes], sheet: Sheet, values: CellValues, after: int = 0) -> Iterator[Row]:
    """Yield the rows of a sheet by expat; rows without a number follow the row `after`."""
    reader = _SheetReader(values, after)
    for _ in parse_blocks(blocks, sheet.part, Handlers(reader.root, reader.end, reader.text)):
        if reader.ready:
            yield from reader.ready
            reader.ready.clear()


class _SheetReader:
    """Expat handlers of one sheet. The root element tells the prefix that its elements have."""

    def __init__(self, values: CellValues, after: int) -> None:
        self.ready: list[Row] = []
        self._values = values
        self._cells: list[Cell] = []
        self._row = after
        self._column = 0
        self._kind = self._style = ""
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
            self._start_row(attributes.get("r", ""))
        elif tag == self._p:
            self._phonetic = True

    def _start_cell(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        if reference is None:
            self._column += 1
        else:
            self._column = self._values.column(reference.rstrip("0123456789"))
        self._kind = attributes.get("t", "")
        self._style = attributes.get("s", "")

    def _start_row(self, number: str) -> None:
        self._column = 0
        self._cells = []
        self._row = self._values.row(number, self._row)

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
        self._values.put(self._cells, self._column, self._values.value(self._kind, self._style, raw))

    def text(self, piece: str) -> None:
        if self._inside and self._length <= MAX_CELL:
            self._length += len(piece)
            self._pieces.append(piece[: MAX_CELL + 1])
