"""The cells of a PDF table: columns on the page, values to operators, long values over several lines."""

from collections.abc import Callable, Sequence

from outdial.files.download.cells import LocalTimes
from outdial.files.download.model import Column, DownloadAbout, Value
from outdial.files.download.pdf_document import PageSize
from outdial.files.download.pdf_text import PdfText

MARGIN, SIZE, LEAD = 24, 6, 11
_SIZES = (PageSize(842, 595), PageSize(1191, 842), PageSize(1684, 1191), PageSize(2384, 1684))
_WIDTHS = {"instant": 64, "phone": 56, "integer": 32, "text": 52}
_NAMED = {
    "Name": 92,
    "Priority": 28,
    "Attempts": 32,
    "Pass": 24,
    "Status": 36,
    "UploadId": 64,
    "RecordId": 36,
}
PAD = 2
MAX_HEAD_LINES = 8
Make = Callable[[Value], str]


def maker(column: Column, about: DownloadAbout, cell: "PdfCells") -> Make:
    make, digits, blank = cell.make, cell.make_digits, cell.step
    if column.kind == "instant":
        plain = LocalTimes(about.time_zone).plain
        return lambda value: blank if value is None else digits(plain(int(value)))
    if column.kind == "integer":
        return lambda value: blank if value is None else digits(str(int(value)))
    return lambda value: blank if value is None else make(str(value))


def page_for(columns: Sequence[Column]) -> tuple[PageSize, list[int]]:
    """The smallest page, from A4 on, on which every column has its width; spare room goes to all."""
    widths = [_NAMED.get(column.name, _WIDTHS[column.kind]) for column in columns]
    needed = sum(widths) + 2 * MARGIN
    size = next((s for s in _SIZES if s.width >= needed), PageSize(min(needed, 14_400), _SIZES[-1].height))
    stretch = (size.width - 2 * MARGIN) / sum(widths)
    return size, [int(width * stretch) for width in widths]


class PdfCells:
    """The cells of one column: each as the operators that show it and step on to the next column."""

    def __init__(self, text: PdfText, width: int, step: str) -> None:
        self._text = text
        self._width = width - 2 * PAD
        self._digits = int(self._width * 1000 / SIZE / text.widest_digit)
        self.step = step

    def make(self, value: str) -> str:
        """One line, or several parted by line feeds where the value is wider than the column."""
        if not value:
            return self.step
        if self._text.fits(value, self._width):
            return f"{self._text.show(value)} {self.step}"
        pieces = self._text.fold(value, self._width)
        return "\n".join([f"{self._text.show(piece)} {self.step}" for piece in pieces])

    def make_digits(self, value: str) -> str:
        """The same for digits and the signs of numbers and times, which need no look at each letter."""
        return f"({value})Tj {self.step}" if len(value) <= self._digits else self.make(value)


def steps_of(widths: Sequence[int]) -> list[str]:
    """From each column to the next, and from the last one back to the first of the next line."""
    forward = [f"{width} 0 Td " for width in widths[:-1]]
    return [*forward, f"{-sum(widths[:-1])} {-LEAD} Td"]


def lines_of(cells: Sequence[str], steps: Sequence[str]) -> list[str]:
    """The lines of a row whose cells have several."""
    parts = [cell.split("\n") for cell in cells]
    height = max(map(len, parts))
    return [
        "".join([part[i] if i < len(part) else step for part, step in zip(parts, steps, strict=True)])
        for i in range(height)
    ]
