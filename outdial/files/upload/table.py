"""Check the rows of one table one after the other and keep the account of them."""

from outdial.files.columns import PHONE
from outdial.files.upload.cell_values import column_letters
from outdial.files.upload.cells import Cell, text_of
from outdial.files.upload.header import Layout
from outdial.files.upload.model import (
    InvalidRow,
    RowFault,
    UploadRejected,
    UploadRules,
    UploadSummary,
    ValidRow,
)
from outdial.files.upload.row import RowReader


class TableChecker:
    """Checks the rows of one table one after the other and keeps the account of them."""

    def __init__(self, layout: Layout, rules: UploadRules, now_us: int) -> None:
        self._reader = RowReader(rules, layout, now_us)
        self._layout = layout
        self._rules = rules
        self._known = frozenset(layout.read) | layout.ignored
        self._width = max(self._known, default=-1) + 1
        self._gaps = self._width > len(self._known)
        self._seen: dict[int, int] | None = {} if rules.duplicates == "skip" else None
        self._read = self._valid = self._duplicates = self._blank = 0

    def take(self, number: int, cells: list[Cell]) -> ValidRow | InvalidRow | None:
        """Return the checked row, None for a blank one. UploadRejected: too-many-rows, column-unknown."""
        if not any(map(text_of, cells)):
            self._blank += 1
            return None
        return self.check(number, cells)

    def check(self, number: int, cells: list[Cell]) -> ValidRow | InvalidRow:
        """Return the checked row, whatever is in it."""
        if len(cells) > self._width or self._gaps:
            self._refuse_headless(number, cells)
        self._read += 1
        if self._read > self._rules.max_rows:
            detail = f"The file has more than {self._rules.max_rows:,} rows. Split it over several files."
            raise UploadRejected("too-many-rows", detail, {"limit": self._rules.max_rows})
        row = self._reader.read(number, cells)
        if isinstance(row, InvalidRow):
            return row
        if self._seen is not None and (first := self._seen.setdefault(int(row.phone), number)) != number:
            self._duplicates += 1
            fault = RowFault(PHONE, "duplicate-in-file", f"the number stands in row {first:,} already")
            return self._reader.refused(number, cells, [fault])
        self._valid += 1
        return row

    def summary(self) -> UploadSummary:
        """Return the account; a file whose table has no row is refused (UploadRejected: empty-file)."""
        if not self._read:
            header = self._layout.header.row
            detail = f"Below the header (row {header}) no row is filled. Fill it, or choose another file."
            raise UploadRejected("empty-file", detail)
        invalid = self._read - self._valid - self._duplicates
        return UploadSummary(self._read, self._valid, invalid, self._duplicates, self._blank)

    def _refuse_headless(self, number: int, cells: list[Cell]) -> None:
        """A filled cell that belongs to no column would be lost without a word."""
        for index, cell in enumerate(cells):
            if index not in self._known and text_of(cell):
                where = f"{column_letters(index + 1)}{number}"
                detail = f"Cell {where} is filled and its column has no header. Name the column or clear it."
                raise UploadRejected("column-unknown", detail, {"columns": [column_letters(index + 1)]})
