"""The values of a download: its columns, what is said about it, its options, and how a writer is called."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from outdial.files.columns import STATE_COLUMNS

Kind = Literal["text", "integer", "instant", "phone"]
Value = str | int | None
Row = TypeVar("Row")
Batches = Iterable[Sequence[Sequence[Value]]]
"""Rows in batches (a few thousand at a time). `instant` values are microseconds UTC; None is blank."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a download. `extra` columns are the campaign's own."""

    name: str
    kind: Kind = "text"
    extra: bool = False


@dataclass(frozen=True, slots=True)
class DownloadAbout:
    """What every format says about the rows it holds. `rows` is their count in the same snapshot."""

    campaign: str
    log_position: str
    filters: str
    generated_at_us: int
    time_zone: str
    rows: int


@dataclass(frozen=True, slots=True)
class DownloadOptions:
    """`bom`: CSV begins with a byte order mark, for Excel. `exact`: CSV cells as they are, even formulas."""

    bom: bool = False
    exact: bool = False


class DownloadBroken(Exception):
    """The rows that came are not those that were announced; the file must not look complete."""


Write = Callable[[Sequence[Column], DownloadAbout, Batches, DownloadOptions], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """One download format: its media type, file extension and writer."""

    media_type: str
    extension: str
    write: Write


_KINDS: dict[str, Kind] = {
    "RecordId": "integer",
    "PhoneNumber": "phone",
    "Priority": "integer",
    "ExpiryDate": "instant",
    "Attempts": "integer",
    "LastAttemptAt": "instant",
    "NextAttemptAt": "instant",
    "Pass": "integer",
    "CreatedAt": "instant",
    "UpdatedAt": "instant",
}
_FIRST = ("RecordId", "PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "Skill")


def record_columns(extra: Iterable[str] = ()) -> tuple[Column, ...]:
    """Return the columns of a download of records in the order of the contract."""
    own = [Column(name, "text", extra=True) for name in extra]
    return (*map(_column, _FIRST), *own, *map(_column, STATE_COLUMNS))


def _column(name: str) -> Column:
    return Column(name, _KINDS.get(name, "text"))


def counted(batches: Iterable[Sequence[Row]], about: DownloadAbout) -> Iterator[Sequence[Row]]:
    """Pass the batches on. Raises DownloadBroken unless exactly the announced rows came."""
    rows = 0
    for batch in batches:
        rows += len(batch)
        if batch:
            yield batch
    check_rows(rows, about)


def check_rows(came: int, about: DownloadAbout) -> None:
    """Raise DownloadBroken unless as many rows came as were announced."""
    if came != about.rows:
        raise DownloadBroken(f"{about.rows} rows were announced and {came} came")
