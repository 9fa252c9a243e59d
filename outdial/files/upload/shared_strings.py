"""The texts that the cells of a workbook share, read only as far as a cell asks: memory and time go with the rows."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from outdial.files.upload.cells import MAX_CELL, unescaped
from outdial.files.upload.parts import Attributes, Handlers, local, parse_blocks
from outdial.files.upload.plain_xml import MAX_HEAD, MAX_PENDING, Unusual, is_plain_head, plain_text, resolved

_START: Final = b"<sst"
_END: Final = b"</si>"
_PLAIN: Final = re.compile(r'(?:\s*<si><t(?:/>|(?: xml:space="preserve")?>[^<]*</t>)</si>)*+')
_TEXT: Final = re.compile(r'<t(?:/>|(?: xml:space="preserve")?>([^<]*)</t>)')


class SharedStrings:
    """Texts by number, from the blocks of their part. Raises UploadRejected where the part is found damaged."""

    def __init__(self, blocks: Iterator[bytes] | None = None, part: str = "") -> None:
        self.known: list[str] = []
        """Those that were read so far."""
        self._reading = iter(()) if blocks is None else _read(blocks, part, self.known)

    def __getitem__(self, index: int) -> str:
        known = self.known
        while index >= len(known):
            if next(self._reading, self) is self:
                raise IndexError(index)
        return known[index]

    def read_all(self) -> None:
        """Read on to the end: damage behind the last text that was used is damage too."""
        for _ in self._reading:
            pass


def _read(blocks: Iterator[bytes], part: str, strings: list[str]) -> Iterator[None]:
    """By pattern as far as that takes it, the rest by expat; gives way after each block."""
    scanner = _Scanner(blocks, strings)
    yield from scanner.run()
    rest = chain((scanner.head + scanner.left,), blocks)
    yield from parse_blocks(rest, part, strings_handlers(strings))


class _Scanner:
    """Takes plain texts only. What it does not take is `left`, to be parsed behind `head`."""

    def __init__(self, blocks: Iterator[bytes], strings: list[str]) -> None:
        self._blocks = blocks
        self._strings = strings
        self.head = b""
        self.left = b""

    def run(self) -> Iterator[None]:
        if not self._find_start():
            return
        for block in chain((b"",), self._blocks):
            self.left += block
            end = self.left.rfind(_END) + len(_END)
            if end >= len(_END) and self._take(end) < end:
                return
            if len(self.left) > MAX_PENDING:
                return
            yield

    def _find_start(self) -> bool:
        for block in self._blocks:
            self.left += block
            start = self.left.find(_START)
            end = self.left.find(b">", start) + 1 if start >= 0 else 0
            if end or len(self.left) > MAX_HEAD:
                break
        else:
            return False
        head = self.left[:end]
        if not head.startswith(b"<") or not is_plain_head(head) or head.endswith(b"/>"):
            return False
        self.head, self.left = head, self.left[end:]
        return True

    def _take(self, end: int) -> int:
        """Take the texts before `end`; returns how many bytes were."""
        text = plain_text(self.left[:end])
        if text is None:
            return 0
        plain = _PLAIN.match(text)
        stop = plain.end() if plain else 0
        try:
            self._strings += _cleaned(_TEXT.findall(text, 0, stop))
        except Unusual:
            return 0
        taken = end if stop == len(text) else len(text[:stop].encode())
        self.left = self.left[taken:]
        return taken


def _cleaned(texts: list[str]) -> list[str]:
    found = [resolved(text) if "&" in text else text for text in texts]
    return [
        unescaped(text[: MAX_CELL + 1]) if "_x" in text or len(text) > MAX_CELL else text for text in found
    ]


def strings_handlers(strings: list[str]) -> Handlers:
    """Collect the shared strings: rich text joined, phonetic text left out, cut at a cell's length."""
    pieces: list[str] = []
    inside = [False, False]  # in a text, in phonetic text

    def start(tag: str, attributes: Attributes) -> None:
        name = local(tag)
        if name == "si":
            pieces.clear()
        elif name == "t":
            inside[0] = True
        elif name == "rPh":
            inside[1] = True

    def end(tag: str) -> None:
        name = local(tag)
        if name == "t":
            inside[0] = False
        elif name == "rPh":
            inside[1] = False
        elif name == "si":
            strings.append(unescaped("".join(pieces)[: MAX_CELL + 1]))

    def text(piece: str) -> None:
        if inside[0] and not inside[1] and sum(map(len, pieces)) <= MAX_CELL:
            pieces.append(piece)

    return Handlers(start, end, text)
