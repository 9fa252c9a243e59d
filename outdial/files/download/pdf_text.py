"""Text to PDF operators: Latin as it is, every other script shaped by HarfBuzz; wrapped to a width."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby

import uharfbuzz as hb

from outdial.files.download.pdf_fonts import Fonts, Typeface

_ESCAPES = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_REORDERED = re.compile("[\u0900-\u0dff\u1000-\u109f\u1780-\u17ff]")
_MAX_KEPT = 20_000
Run = tuple[int, str, bool]
"""Index of the font (-1: none has the letter), the letters, and whether they run right to left."""


class PdfText:
    """Sets text of one size. Operators leave the text position where it was, so cells follow by offsets."""

    def __init__(self, fonts: Fonts, size: int) -> None:
        self._fonts = fonts
        self._size = size
        self._kept: dict[str, str] = {}
        latin = fonts.latin
        codes = [bytes([code]).decode("cp1252", "replace") for code in range(256)]
        self.widths = [latin.advance(latin.glyph(letter)) for letter in codes]
        self._advance = {
            letter: width for letter, width in zip(codes, self.widths, strict=True) if letter != "\ufffd"
        }
        self.widest_digit = max(self._advance[letter] for letter in "0123456789+-: ")

    def show(self, text: str) -> str:
        """Operators that show the text at the current position."""
        if text.isascii() and text.isprintable():
            return f"({text.translate(_ESCAPES)})Tj"
        shown = self._kept.get(text)
        if shown is None:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            shown = self._kept[text] = self._show(_CONTROL.sub(" ", text))
        return shown

    def fits(self, text: str, width: float) -> bool:
        """Whether the text is certainly no wider than `width` points."""
        advance = self._advance
        try:
            return sum([advance[letter] for letter in text]) * self._size <= width * 1000
        except KeyError:
            return sum(map(self._width, text)) * self._size <= width * 1000

    def fold(self, text: str, width: float) -> list[str]:
        """Break the text into pieces no wider than `width` points, at spaces where there are any."""
        return list(self._pieces(_CONTROL.sub(" ", text), width * 1000 / self._size))

    def _pieces(self, text: str, limit: float) -> Iterator[str]:
        start = end = 0
        taken = 0.0
        space = -1
        while end < len(text):
            step = _cluster_end(text, end)
            width = sum(map(self._width, text[end:step]))
            if taken + width > limit and end > start:
                cut = space + 1 if space >= start else end
                yield text[start:cut].rstrip(" ")
                start = end = cut
                taken, space = 0.0, -1
                continue
            if text[end] == " ":
                space = end
            taken += width
            end = step
        yield text[start:]

    def _width(self, letter: str) -> int:
        width = self._advance.get(letter)
        if width is None:
            face = self._fonts.at(max(self._fonts.index_for(letter), 0))
            width = self._advance[letter] = face.advance(face.glyph(letter))
        return width

    def _show(self, text: str) -> str:
        try:
            return f"({text.encode('cp1252').decode('cp1252').translate(_ESCAPES)})Tj"
        except UnicodeEncodeError:
            return self._shaped(text)

    def _shaped(self, text: str) -> str:
        runs = [run for part, rtl in _directions(text) for run in self._runs(part, rtl)]
        shown = "".join([self._run(*run) for run in runs]) + f"/F0 {self._size} Tf"
        unsure = len(runs) > 1 or runs[0][0] < 0 or _REORDERED.search(text)
        if not unsure:
            return shown
        # Glyphs that are reordered or missing do not tell the text; this does, for search and copy.
        return f"/Span<</ActualText<feff{text.encode('utf-16-be').hex()}>>>BDC {shown} EMC"

    def _runs(self, text: str, rtl: bool) -> list[Run]:
        """Split at changes of font; a mark or a space stays with the letters before it where it can."""
        runs: list[Run] = []
        for letter in text:
            index = self._fonts.index_for(letter)
            if runs:
                before, letters, _ = runs[-1]
                stays = before >= 0 and (letter == " " or _joins(letter))
                if stays or index == before:
                    runs[-1] = (before, letters + letter, rtl)
                    continue
            runs.append((index, letter, rtl))
        return runs[::-1] if rtl else runs

    def _run(self, index: int, text: str, rtl: bool) -> str:
        face = self._fonts.at(max(index, 0))
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if rtl else "ltr"
        hb.shape(face.font, buffer)
        return f"/T{max(index, 0)} {self._size} Tf {_glyphs(face, buffer, text, self._size)} "


def _glyphs(face: Typeface, buffer: hb.Buffer, text: str, size: int) -> str:
    """Show the glyphs of a shaped run, each where HarfBuzz set it; note what each stands for."""
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    _note_letters(face, [(info.cluster, info.codepoint) for info in infos], text)
    unit = 1000 / face.upem
    shown, line = "", ""
    for info, at in zip(infos, positions, strict=True):
        glyph = info.codepoint
        before = round(-at.x_offset * unit)
        after = round(at.x_offset * unit) + face.advance(glyph) - round(at.x_advance * unit)
        placed = (f">{before}<" if before else "") + f"{glyph:04x}" + (f">{after}<" if after else "")
        if at.y_offset:
            shown += f"[<{line}>]TJ {at.y_offset * size / face.upem:.2f} Ts [<{placed}>]TJ 0 Ts "
            line = ""
        else:
            line += placed
    return f"{shown}[<{line}>]TJ"


def _note_letters(face: Typeface, glyphs: list[tuple[int, int]], text: str) -> None:
    """Note for each glyph the letter it is the plain form of; a joined form takes what is left."""
    starts = sorted({cluster for cluster, _ in glyphs})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        plain = {face.glyph(letter): letter for letter in text[start:end]}
        shown = [glyph for cluster, glyph in glyphs if cluster == start]
        left = "".join([letter for glyph, letter in plain.items() if glyph not in shown])
        for glyph in shown:
            if glyph in plain:
                face.used.setdefault(glyph, plain[glyph])
            else:
                face.used.setdefault(glyph, left)
                left = ""


def _directions(text: str) -> list[tuple[str, bool]]:
    """Pieces in the order they are seen, each with whether it runs right to left (Unicode bidi, UAX 9)."""
    if not _RIGHT_TO_LEFT.search(text):
        return [(text, False)]
    # Costs memory that a document without such text need not pay.
    from fpdf.bidi import BidiParagraph  # noqa: PLC0415

    seen = BidiParagraph(text=text, preserve_bn_chars=True).get_reordered_characters()
    pieces: list[tuple[str, bool]] = []
    for level, letters in groupby(seen, key=lambda letter: letter.embedding_level):
        piece = "".join([letter.character for letter in letters])
        pieces.append((piece[::-1], True) if level % 2 else (piece, False))
    return pieces


def _joins(letter: str) -> bool:
    """Whether the letter belongs to the one before it: marks and joiners."""
    return unicodedata.category(letter) in {"Mn", "Mc", "Me", "Cf"}


def _cluster_end(text: str, at: int) -> int:
    """The end of what may not be broken: a letter, its marks, and what a joiner or virama ties to it."""
    end = at + 1
    while end < len(text) and (
        _joins(text[end]) or text[end - 1] in "\u200d\u094d\u09cd\u0bcd\u0c4d\u1039\u17d2"
    ):
        end += 1
    return end
