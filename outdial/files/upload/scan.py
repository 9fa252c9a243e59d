"""Rows of a sheet as nearly every program writes them, read by pattern; any other goes to the parser.

The patterns take only what they fully understand: plain cells of number, shared or inline text. Comments,
rich text, other prefixes or encodings, and anything malformed are left, with all that follows, to expat.
"""

import re
from collections.abc import Generator, Iterator
from itertools import chain

from outdial.files.upload.cell_values import CellValues
from outdial.files.upload.cells import Cell

_START = b"<sheetData>"
_ROW_END = b"</row>"
_MAX_HEAD = 1 << 20
_MAX_PENDING = 4 << 20
_CONTROL = bytes([*range(9), *range(11, 32)])
_ODD = (b"]]>", "\ufffe".encode(), "\uffff".encode())
"""What is not allowed in XML, or read otherwise than it stands (a carriage return)."""
_ROW = re.compile(r'\s*<row(?: r="(\d{1,7})")?(?: (?!r=)[\w:.]+="[^"<>&]*")*\s*>')
_EMPTY_ROW = re.compile(r'\s*<row(?: r="(\d{1,7})")?(?: (?!r=)[\w:.]+="[^"<>&]*")*\s*/>')
_CELL = re.compile(
    r'\s*<c(?: r="([A-Z]{1,8})\d{1,7}")?(?: s="(\d{1,6})")?(?: t="(\w+)")?\s*(?:/>|>'
    r"(?:<f(?: [^<>]*)?>[^<]*</f>|<f(?: [^<>]*)?/>)?"
    r'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|<v/>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>|)'
    r"</c>)\s*|(.)",
    re.DOTALL,
)
_ENTITY = re.compile("&([^;&]{1,10});|&")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class _Other(Exception):
    """The row is written in a way that is left to the parser."""


class RowScanner:
    """Scans the bytes of one sheet. What it does not take is `left`, to be parsed behind `head`."""

    def __init__(self, blocks: Iterator[bytes], values: CellValues) -> None:
        self._blocks = blocks
        self._values = values
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
            if len(self.left) > _MAX_PENDING:
                return

    def _find_start(self) -> bool:
        for block in self._blocks:
            self.left += block
            start = self.left.find(_START)
            if start >= 0 or len(self.left) > _MAX_HEAD:
                break
        else:
            return False
        head = self.left[: start + len(_START)]
        utf8 = b"encoding" not in head or b'encoding="UTF-8"' in head or b'encoding="utf-8"' in head
        if start < 0 or not utf8 or b"<!" in head or b"\0" in head:
            return False
        self.head, self.left = head, self.left[len(head) :]
        return True

    def _scan(self, chunk: bytes) -> Generator[tuple[int, list[Cell]], None, int]:
        if len(chunk.translate(None, _CONTROL)) != len(chunk) or any(odd in chunk for odd in _ODD):
            return 0
        try:
            text = chunk.decode()
        except UnicodeDecodeError:
            return 0
        at = 0
        while at < len(text):
            empty = _EMPTY_ROW.match(text, at)
            start = empty or _ROW.match(text, at)
            if not start:
                break
            end = start.end() if empty else text.find("</row>", start.end())
            try:
                cells = [] if empty else self._cells(text[start.end() : end])
            except _Other:
                break
            self.row = self._values.row(start[1] or "", self.row)
            yield self.row, cells
            at = end if empty else end + len(_ROW_END)
        return len(chunk) if at == len(text) else len(text[:at].encode())

    def _cells(self, body: str) -> list[Cell]:
        cells: list[Cell] = []
        values, column = self._values, 0
        for letters, style, kind, number, inline, other in _CELL.findall(body):
            if other:
                raise _Other
            column = values.column(letters) if letters else column + 1
            raw = number or inline
            if raw:
                values.put(cells, column, values.value(kind, style, _resolved(raw) if "&" in raw else raw))
        return cells


def _resolved(raw: str) -> str:
    return _ENTITY.sub(_entity, raw)


def _entity(found: re.Match[str]) -> str:
    letter = _NAMED.get(found[1] or "")
    if letter is None:
        raise _Other  # numeric ones too: which of them are allowed is the parser's knowledge
    return letter
