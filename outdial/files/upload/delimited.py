"""A CSV file as rows of cells: encoding by its mark or by its bytes, `,` `;` `|` or tab by its first line."""

import codecs
import csv
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from outdial.files.upload.cells import Cell
from outdial.files.upload.container import SAVE_AS, not_a_workbook
from outdial.files.upload.model import UploadRejected

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MAX_FIELD = 131_072


@dataclass(slots=True)
class _Lines:
    """The lines of a text file, given one by one; `ended` when there is none any more."""

    file: Iterable[str]
    ended: bool = False

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self.file, start=1):
            if "\0" in line:
                raise not_a_workbook(f"Line {number} has the character NUL, which no text has.")
            yield line
        self.ended = True


def csv_rows(path: Path) -> Generator[tuple[int, list[Cell]], None, None]:
    """Yield line by line as a spreadsheet would number them. Raises UploadRejected: not-a-workbook."""
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            first = file.readline(65_536)
            file.seek(0)
            _refuse_markup(first)
            yield from _rows(_Lines(file), first)
    except UnicodeError as error:
        where = _where_undecodable(path) if encoding.startswith("utf-8") else ""
        name = "UTF-8" if encoding.startswith("utf-8") else "UTF-16"
        raise not_a_workbook(f"The file is neither a workbook nor text in {name}{where}.") from error


def _rows(lines: _Lines, first: str) -> Iterator[tuple[int, list[Cell]]]:
    csv.field_size_limit(MAX_FIELD)
    rows = csv.reader(lines, delimiter=_delimiter(first))
    skipped = _skip_separator_line(first, rows)
    begins = 1 + skipped
    try:
        for number, row in enumerate(rows, start=1 + skipped):
            if lines.ended:  # the reader asked for a further line in the middle of this row
                raise _unclosed(begins, "is never closed, so that all rows below it would be lost")
            begins = rows.line_num + 1
            yield number, [_unguarded(field) for field in row]
    except csv.Error as error:
        raise _unclosed(begins, f"may not be closed: a cell has over {MAX_FIELD:,} letters") from error


def _unclosed(line: int, why: str) -> UploadRejected:
    return not_a_workbook(f"The file is no proper CSV: a quote in the row that begins in line {line} {why}.")


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4_096)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise not_a_workbook("The file is text in UTF-32, which is not read.")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head[1:2] == b"\0":
        return "utf-16-le"
    if head[:1] == b"\0" and head[1:2] != b"\0":
        return "utf-16-be"
    return "utf-8"


def _where_undecodable(path: Path) -> str:
    """The line that is not in UTF-8, for people; nothing when it cannot be told."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_FIELD), b""), start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                if error.end < len(line):  # not a letter that was cut with its line
                    return f": line {number} has the byte {line[error.start]:#x}"
    return ""


def _delimiter(first: str) -> str:
    if first.lower().startswith("sep=") and len(first) > 4:
        return first[4]
    plain = first.replace('""', "")
    outside = "".join(plain.split('"')[::2])
    return max(",;\t|", key=outside.count)


def _skip_separator_line(first: str, rows: Iterator[list[str]]) -> int:
    """Excel's own `sep=;` line is no row of the table, but it counts as one in a text editor."""
    if not first.lower().startswith("sep="):
        return 0
    next(rows, None)
    return 1


def _refuse_markup(first: str) -> None:
    start = first.lstrip().lower()
    if start.startswith(("<", "{", "[")):
        what = "a web page or XML" if start.startswith("<") else "JSON"
        raise UploadRejected("not-a-workbook", f"The file is {what}, not a table. {SAVE_AS}")


def _unguarded(field: str) -> str:
    """Take off the apostrophe that our own download sets before what a spreadsheet would run as a formula."""
    return field[1:] if field[:1] == "'" and field.lstrip("'").startswith(_FORMULA_START) else field
