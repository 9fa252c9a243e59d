"""Download as PDF: a table of pages with the header repeated, page n of m, any script, flat memory."""

from collections.abc import Iterator, Sequence

from outdial.files.download.cells import LocalTimes, each
from outdial.files.download.model import (
    Batches,
    Column,
    DownloadAbout,
    DownloadOptions,
    Value,
    counted,
)
from outdial.files.download.pdf_cells import (
    LEAD,
    MARGIN,
    MAX_HEAD_LINES,
    PAD,
    SIZE,
    PdfCells,
    lines_of,
    maker,
    page_for,
    steps_of,
)
from outdial.files.download.pdf_document import PdfDocument
from outdial.files.download.pdf_fonts import Fonts, embed_latin, embed_shaped
from outdial.files.download.pdf_text import PdfText


def write_pdf(
    columns: Sequence[Column], about: DownloadAbout, batches: Batches, options: DownloadOptions
) -> Iterator[bytes]:
    """Yield the document as its pages fill. Cells wider than their column go on in the next lines.

    Raises DownloadBroken when the rows are not those announced.
    """
    table = _Table(columns, about)
    for batch in counted(batches, about):
        table.add(batch)
        if block := table.pdf.take():
            yield block
    table.close()
    yield table.pdf.take()


class _Table:
    """The table as it goes over the pages: lines wait until they fill one; the first begins with About."""

    def __init__(self, columns: Sequence[Column], about: DownloadAbout) -> None:
        size, widths = page_for(columns)
        self.pdf = PdfDocument(size)
        self._about = about
        self._fonts = Fonts()
        self._text = PdfText(self._fonts, SIZE)
        self._steps = steps_of(widths)
        self._cells = [PdfCells(self._text, w, step) for w, step in zip(widths, self._steps, strict=True)]
        self._makers = [maker(column, about, cell) for column, cell in zip(columns, self._cells, strict=True)]
        self._resources, self._total = self.pdf.number(), self.pdf.number()
        titles = [cell.make(column.name) for cell, column in zip(self._cells, columns, strict=True)]
        head = lines_of(titles, self._steps)[:MAX_HEAD_LINES]
        self._first_line = size.height - MARGIN - LEAD * (len(head) + 1)
        self._per_page = (self._first_line - MARGIN - LEAD) // LEAD
        self._head = self.pdf.add_form(self._head_content(head), self._resources)
        self._lines: list[str] = []
        self._ends: list[int] = []
        self._opening = self._opening_lines()
        self._drop = LEAD * (len(self._opening) + 1)

    def add(self, batch: Sequence[Sequence[Value]]) -> None:
        """Set rows; every page that fills is written."""
        made = [
            each(values, make) for values, make in zip(zip(*batch, strict=True), self._makers, strict=True)
        ]
        for cells in zip(*made, strict=True):
            line = "".join(cells)
            if "\n" in line:
                for part in lines_of(cells, self._steps):
                    self._put(part)
            else:
                self._put(line)
            self._ends.append(len(self._lines))

    def close(self) -> None:
        """Write the last page, how many there are, the fonts, and the tables at the end of the file."""
        if self._lines or not self.pdf.pages:
            self._write_page()
        pdf, latin = self.pdf, self._fonts.latin
        pdf.add_form(f"BT /F0 {SIZE} Tf ({pdf.pages})Tj ET".encode(), self._resources, self._total)
        fonts = [f"/F0 {embed_latin(pdf, latin, self._text.widths)} 0 R"]
        fonts += [f"/T{i} {embed_shaped(pdf, face, i)} 0 R" for i, face in self._fonts.in_use()]
        forms = f"/S0 {self._head} 0 R/S1 {self._total} 0 R"
        pdf.add(f"<</Font<<{''.join(fonts)}>>/XObject<<{forms}>>>>", self._resources)
        pdf.close(self._title())

    def _put(self, line: str) -> None:
        room = self._per_page - (self._drop // LEAD if not self.pdf.pages else 0)
        if len(self._lines) >= room:
            self._write_page()
        self._lines.append(line)

    def _write_page(self) -> None:
        """One page: head, rules where rows end, lines, foot; on the first one lower, below the about."""
        number = self.pdf.pages + 1
        drop = self._drop if number == 1 else 0
        size, first = self.pdf.size, self._first_line
        rules = "".join([self._rule(first - LEAD * (end - 1) - 3) for end in self._ends])
        lines = "\n".join(self._lines)
        body = (
            f"q 1 0 0 1 0 {-drop} cm /S0 Do .7 G .3 w\n{rules}S\n"
            f"BT /F0 {SIZE} Tf {MARGIN + PAD} {first} Td\n{lines}\nET Q\n"
        )
        foot = (
            f"BT /F0 {SIZE} Tf {MARGIN + PAD} {MARGIN - 12} Td {self._text.show(self._title())} ET\n"
            f"BT /F0 {SIZE} Tf {size.width - MARGIN - 80} {MARGIN - 12} Td (Page {number} of)Tj ET\n"
            f"q 1 0 0 1 {size.width - MARGIN - 30} {MARGIN - 12} cm /S1 Do Q"
        )
        opening = self._opening_content() if number == 1 else ""
        self.pdf.add_page((opening + body + foot).encode("cp1252"), self._resources)
        self._lines, self._ends = [], []

    def _rule(self, y: int) -> str:
        return f"{MARGIN} {y} m {self.pdf.size.width - MARGIN} {y} l\n"

    def _head_content(self, head: Sequence[str]) -> bytes:
        size, top = self.pdf.size, self._first_line + LEAD * len(head)
        band = f"{MARGIN} {self._first_line + LEAD - 3} {size.width - 2 * MARGIN} {LEAD * len(head)} re f"
        lines = "\n".join(head)
        text = f"BT /F0 {SIZE} Tf {MARGIN + PAD} {top} Td\n{lines}\nET"
        return f".9 g {band} 0 g\n{text}".encode("cp1252")

    def _title(self) -> str:
        return f"{self._about.campaign} · {self._about.log_position}"

    def _opening_lines(self) -> list[str]:
        about, times = self._about, LocalTimes(self._about.time_zone)
        told = (
            ("Campaign", about.campaign),
            ("Log position", about.log_position),
            ("Filters", about.filters),
            ("Time", times.rfc3339(about.generated_at_us)),
            ("Time zone", about.time_zone),
            ("Rows", f"{about.rows}"),
        )
        width = self.pdf.size.width - 2 * MARGIN - 2 * PAD
        lines = [line for name, value in told for line in self._text.fold(f"{name}: {value}", width)]
        room = self._per_page - 4
        return lines if len(lines) <= room else [*lines[: room - 2], "…", lines[-1]]

    def _opening_content(self) -> str:
        start = self.pdf.size.height - MARGIN - LEAD
        shown = f" 0 {-LEAD} Td\n".join([self._text.show(line) for line in self._opening])
        return f"BT /F0 {SIZE} Tf {MARGIN + PAD} {start} Td\n{shown}\nET\n"
