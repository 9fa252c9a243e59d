"""A CSV file as rows of cells: encoding by its mark or by its bytes, `,` `;` or tab by its first line."""

import codecs
import csv
from collections.abc import Generator, Iterator
from pathlib import Path

from outdial.files.upload.cells import Cell
from outdial.files.upload.container import SAVE_AS, not_a_workbook
from outdial.files.upload.model import UploadRejected

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MAX_FIELD = 131_072


def csv_rows(path: Path) -> Generator[tuple[int, list[Cell]], None, None]:
    """Yield line by line as a spreadsheet would number them. Raises UploadRejected: not-a-workbook."""
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            first = file.readline(65_536)
            file.seek(0)
            _refuse_markup(first)
            csv.field_size_limit(MAX_FIELD)
            rows = csv.reader(file, delimiter=_delimiter(first))
            skipped = _skip_separator_line(first, rows)
            for number, row in enumerate(rows, start=1 + skipped):
                yield number, [_unguarded(field) for field in row]
    except UnicodeError as error:
        raise not_a_workbook(f"The file is neither a workbook nor text in {encoding.upper()}.") from error
    except csv.Error as error:
        raise not_a_workbook(f"The file is no proper CSV ({error}).") from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4_096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head[1:2] == b"\0":
        return "utf-16-le"
    if head[:1] == b"\0" and head[1:2] != b"\0":
        return "utf-16-be"
    if b"\0" in head:
        raise not_a_workbook("The file is neither a workbook nor text.")
    return "utf-8"


def _delimiter(first: str) -> str:
    if first.lower().startswith("sep=") and len(first) > 4:
        return first[4]
    plain = first.replace('""', "")
    outside = "".join(plain.split('"')[::2])
    return max(",;\t", key=outside.count)


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
    return field[1:] if field[:1] == "'" and field[1:2] in _FORMULA_START else field
