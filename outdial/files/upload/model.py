"""The values of an upload: its rules and limits, its header, its rows, and why a file is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class UploadRules:
    """What the campaign says about its records.

    `region` (ISO 3166) reads national numbers; `time_zone` (IANA) gives expiry dates their instant;
    `dial_method` is nonagentwise, agentwise or skillwise; `columns` are the declared extra columns;
    `agents` and `skills` are the known ones (empty: any, unless the dial method needs them);
    `date_format` is a further form of dates such as `DD/MM/YYYY` or `%d/%m/%Y`;
    `new_columns` is refuse or add; `duplicates` is skip (a number seen before in the file) or allow.
    """

    region: str
    time_zone: str
    dial_method: str = "nonagentwise"
    columns: tuple[str, ...] = ()
    agents: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    date_format: str = ""
    new_columns: str = "refuse"
    duplicates: str = "skip"
    max_rows: int = 1_048_575


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What one file may cost: bytes as sent and unpacked, and memory and time of the child that reads it."""

    file_bytes: int = 200 << 20
    unpacked_bytes: int = 2 << 30
    part_ratio: int = 100
    zip_entries: int = 2_000
    memory_bytes: int = 2 << 30
    cpu_s: int = 600
    stall_s: float = 120.0
    chunk_rows: int = 500


@dataclass(frozen=True, slots=True)
class Header:
    """The columns that were found.

    `columns`: header cells of the file that are read, as product names or extra names, in file order;
    `extra_columns`: the names that `ValidRow.extra` lines up with: the declared ones, then the added ones;
    `added_columns`: those of them that the campaign does not have yet;
    `ignored_columns`: headers that only a download has; `sheet` is empty for CSV; `row` is Excel's number;
    `other_sheets`: further visible sheets with phone numbers, which are not read.
    """

    columns: tuple[str, ...]
    extra_columns: tuple[str, ...] = ()
    added_columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    sheet: str = ""
    row: int = 1
    other_sheets: tuple[str, ...] = ()


class ValidRow(NamedTuple):
    """One row that may become a record.

    `row` is Excel's row number, `phone` E.164, `expires_us` the last valid second (microseconds UTC),
    `zone` the IANA zone of the number, or empty when it cannot be told.
    """

    row: int
    phone: str
    name: str = ""
    priority: int = 1
    expires_us: int | None = None
    agent: str = ""
    skill: str = ""
    zone: str = ""
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing wrong with a row: the column, a row code of the contract, and a text for people."""

    column: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """One row that is refused: its faults, and its cells in the order of `Header.columns`."""

    row: int
    column: str
    code: str
    text: str
    cells: tuple[str, ...]
    further: tuple[RowFault, ...] = ()

    @property
    def reason(self) -> str:
        """Every fault of the row as one text."""
        return "; ".join([f"{self.column}: {self.text}", *(f"{f.column}: {f.text}" for f in self.further)])


@dataclass(frozen=True, slots=True)
class UploadChunk:
    """Up to `UploadLimits.chunk_rows` rows, valid and refused together, in the order of the file."""

    rows: tuple[ValidRow, ...]
    invalid: tuple[InvalidRow, ...]


@dataclass(frozen=True, slots=True)
class UploadSummary:
    """Every row accounted for: `read` = `valid` + `invalid` + `duplicates`; blank rows are not read."""

    read: int = 0
    valid: int = 0
    invalid: int = 0
    duplicates: int = 0
    blank: int = 0


Fields = Mapping[str, str | int | list[str]]


class UploadRejected(Exception):
    """The whole file is refused: a file code of the contract, a text for people, what a program needs."""

    def __init__(self, code: str, detail: str, fields: Fields | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.fields: Fields = fields or {}
