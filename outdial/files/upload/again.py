"""Rejected rows checked once more, so that each says everything that is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from outdial.files.upload.header import layout_of
from outdial.files.upload.model import Header, InvalidRow, RowFault, UploadRejected, UploadRules
from outdial.files.upload.row import RowReader


def checked_again(
    header: Header, rows: Iterable[InvalidRow], rules: UploadRules, now_us: int
) -> Iterator[InvalidRow]:
    """Yield each row with its own fault first, told as precisely as the cells allow, and the further ones behind it.

    A row whose fault cannot be seen in it alone (a duplicate) is yielded as it is.
    """
    try:
        reader = RowReader(rules, layout_of(1, list(header.columns), rules), now_us)
    except UploadRejected:
        yield from rows  # the campaign has other columns now
        return
    for row in rows:
        found = reader.read(row.row, list(row.cells))
        yield _told(row, found) if isinstance(found, InvalidRow) else row


def _told(row: InvalidRow, found: InvalidRow) -> InvalidRow:
    faults = (RowFault(found.column, found.code, found.text), *found.further)
    own = next((one for one in faults if one.code == row.code), None)
    if own is None:
        return replace(row, further=faults)
    return replace(row, text=own.text, further=tuple(one for one in faults if one is not own))
