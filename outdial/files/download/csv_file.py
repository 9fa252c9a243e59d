"""Download as CSV (RFC 4180), UTF-8; cells that a spreadsheet would run as a formula are made safe."""

import re
from collections.abc import Callable, Iterator, Sequence

from outdial.files.download.cells import LocalTimes, each
from outdial.files.download.model import (
    Batches,
    Column,
    DownloadAbout,
    DownloadOptions,
    Value,
    counted,
)

BOM = b"\xef\xbb\xbf"
FORMULA_LETTERS = "=+@\t\r\n\uff1d\uff0b\uff0d\uff20-"
"""What makes a spreadsheet run a cell that begins with it (OWASP, CSV injection).

Such a cell gets an apostrophe in front, also where it has some already: an upload takes one off. An E.164
number gets none.
"""
FORMULA_START = f"^'*[{FORMULA_LETTERS}]"
_QUOTED = re.compile('[",;\t\r\n]')
_UNLIKELY = re.compile('[",;\t\r\n\0\ud800-\udfff]|' + FORMULA_START)
_FORMULA = re.compile(FORMULA_START)
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_SURROGATES = re.compile("[\ud800-\udfff]")
Make = Callable[[Value], str]


def write_csv(
    columns: Sequence[Column], about: DownloadAbout, batches: Batches, options: DownloadOptions
) -> Iterator[bytes]:
    """Yield the file batch by batch. Raises DownloadBroken when the rows are not those announced."""
    yield csv_head(columns, options)
    makers = [_maker(column, about, options) for column in columns]
    for batch in counted(batches, about):
        made = [each(values, make) for values, make in zip(zip(*batch, strict=True), makers, strict=True)]
        yield ("\r\n".join(map(",".join, zip(*made, strict=True))) + "\r\n").encode()


def csv_head(columns: Sequence[Column], options: DownloadOptions) -> bytes:
    """The first bytes of the file, for rows that come as finished CSV from elsewhere."""
    text = _exact_text if options.exact else _safe_text
    line = ",".join([text(column.name) for column in columns]) + "\r\n"
    return (BOM if options.bom else b"") + line.encode()


def _maker(column: Column, about: DownloadAbout, options: DownloadOptions) -> Make:
    if column.kind == "instant":
        rfc3339 = LocalTimes(about.time_zone).rfc3339
        return lambda value: "" if value is None else rfc3339(int(value))
    if column.kind == "integer":
        return lambda value: "" if value is None else str(int(value))
    if options.exact:
        return _exact_text
    return _phone if column.kind == "phone" else _safe_text


def _phone(value: Value) -> str:
    """An E.164 number keeps its plus; anything else is text."""
    text = "" if value is None else str(value)
    return text if _E164.fullmatch(text) else _safe_text(text)


def _safe_text(value: Value) -> str:
    if value is None:
        return ""
    text = str(value)
    if _UNLIKELY.search(text) is None:
        return text
    return _exact_text(f"'{text}" if _FORMULA.match(text) else text)


def _exact_text(value: Value) -> str:
    text = "" if value is None else str(value)
    if _UNLIKELY.search(text) is None:
        return text
    text = _SURROGATES.sub("\ufffd", text.replace("\0", ""))
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
