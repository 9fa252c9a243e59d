"""Rows of a sheet as nearly every program writes them, read by pattern; any other goes to the parser.

The patterns take only what they fully understand: plain cells of number, shared or inline text. Comments,
rich text, other prefixes or encodings, and anything malformed are left, with all that follows, to expat.
"""

import re
from collections.abc import Generator, Iterator
from itertools import chain

from outdial.files.upload.cell_values import CellValues
from outdial.files.upload.cells import Cell
from outdial.files.upload.plain_xml import MAX_HEAD, MAX_PENDING, Unusual, is_plain_head, plain_text, resolved
from outdial.files.upload.row_shapes import RowShapes

_START = b"<sheetData>"
_ROW_END = b"</row>"
_ROW = re.compile(r'\s*<row(?: r="(\d{1,7})")?(?: (?!r=)[\w:.]+="[^"<>&]*")*\s*>')
_EMPTY_ROW = re.compile(r'\s*<row(?: r="(\d{1,7})")?(?: (?!r=)[\w:.]+="[^"<>&]*")*\s*/>')
_CELL = re.compile(
    r'\s*<c(?: r="([A-Z]{1,8})\d{1,7}")?(?: s="(\d{1,6})")?(?: t="(\w+)")?\s*(?:/>|>'
    r"(?:<f(?: [^<>]*)?>[^<]*</f>|<f(?: [^<>]*)?/>)?"
    r'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|<v/>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>|)'
    r"</c>)\s*|(.)",
    re.DOTALL,
)


class RowScanner:
    """Scans the bytes of one sheet. What it does not take is `left`, to be parsed behind `head`."""

    def __init__(self, blocks: Iterator[bytes], values: CellValues) -> None:
        self._blocks = blocks
        self._values = values
        self._shapes = RowShapes(_ROW.pattern, values)
        self.head = b""
        self.left = b""
        self.row = 0

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Yield rows until the sheet ends or something else stands there than is taken."""
        if not self._find_start():
            return
        for block in chain((b"",), self._blocks):
            self.left += block
            end = self.left.rfind(_ROW_END) + len(_ROW_END)
            if end >= len(_ROW_END):
                chunk, rest = self.left[:end], self.left[end:]
                taken = yield from self._scan(chunk)
                self.left = chunk[taken:] + rest
                if taken < len(chunk):
                    return
            if len(self.left) > MAX_PENDING:
                return

    def _find_start(self) -> bool:
        for block in self._blocks:
            self.left += block
            start = self.left.find(_START)
            if start >= 0 or len(self.left) > MAX_HEAD:
                break
        else:
            return False
        head = self.left[: start + len(_START)]
        if start < 0 or not is_plain_head(head):
            return False
        self.head, self.left = head, self.left[len(head) :]
        return True

    def _scan(self, chunk: bytes) -> Generator[tuple[int, list[Cell]], None, int]:
        text = plain_text(chunk)
        if text is None:
            return 0
        at = 0
        while at < len(text):
            known = self._shapes.read(text, at)
            start = known[0] if known else _EMPTY_ROW.match(text, at) or _ROW.match(text, at)
            if not start:
                break
            if known:
                cells, end = known[1], start.end()
            elif text[start.end() - 2] == "/":
                cells, end = [], start.end()
            else:
                end = text.find("</row>", start.end())
                try:
                    cells = self._cells(text[start.end() : end])
                except Unusual:
                    break
                end += len(_ROW_END)
            self.row = self._values.row(start[1] or "", self.row)
            yield self.row, cells
            at = end
        return len(chunk) if at == len(text) else len(text[:at].encode())

    def _cells(self, body: str) -> list[Cell]:
        cells: list[Cell] = []
        found: list[tuple[int, str, str]] = []
        values, column = self._values, 0
        for letters, style, kind, number, inline, other in _CELL.findall(body):
            if other:
                raise Unusual
            column = values.column(letters) if letters else column + 1
            if raw := number or inline:
                values.put(cells, column, values.value(kind, style, resolved(raw) if "&" in raw else raw))
                found.append((column, kind, style))
        self._shapes.learn(body, found)
        return cells
