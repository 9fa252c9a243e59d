"""Download as XML 1.0, well-formed whatever the cells hold; its form is `schemas/download.xsd`."""

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

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE = _TEXT | {'"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
Make = Callable[[Value], str]


def write_xml(
    columns: Sequence[Column], about: DownloadAbout, batches: Batches, options: DownloadOptions
) -> Iterator[bytes]:
    """Yield the file batch by batch. A blank cell has no element; what XML cannot hold becomes U+FFFD.

    Raises DownloadBroken when the rows are not those announced.
    """
    yield _root(about).encode()
    makers = [_maker(column, about) for column in columns]
    for batch in counted(batches, about):
        made = [each(values, make) for values, make in zip(zip(*batch, strict=True), makers, strict=True)]
        rows = "</record>\n<record>".join(map("".join, zip(*made, strict=True)))
        yield f"<record>{rows}</record>\n".encode()
    yield b"</records>\n"


def _root(about: DownloadAbout) -> str:
    attributes = {
        "campaign": about.campaign,
        "log-position": about.log_position,
        "filters": about.filters,
        "generated-at": LocalTimes(about.time_zone).rfc3339(about.generated_at_us),
        "time-zone": about.time_zone,
        "rows": str(about.rows),
    }
    told = "".join(f' {name}="{_escaped(value, _ATTRIBUTE)}"' for name, value in attributes.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<records{told}>\n'


def _maker(column: Column, about: DownloadAbout) -> Make:
    name = column.name
    start = f'<Extra name="{_escaped(name, _ATTRIBUTE)}">' if column.extra else f"<{name}>"
    end = "</Extra>" if column.extra else f"</{name}>"
    if column.kind == "instant":
        rfc3339 = LocalTimes(about.time_zone).rfc3339
        return lambda value: "" if value is None else f"{start}{rfc3339(int(value))}{end}"
    if column.kind == "integer":
        return lambda value: "" if value is None else f"{start}{int(value)}{end}"
    return lambda value: f"{start}{_text(str(value))}{end}" if value not in (None, "") else ""


def _text(text: str) -> str:
    return text if _SPECIAL.search(text) is None else _escaped(text, _TEXT)


def _escaped(text: str, entities: dict[str, str]) -> str:
    legal = _ILLEGAL.sub("\ufffd", text)
    return "".join([entities.get(letter, letter) for letter in legal])
