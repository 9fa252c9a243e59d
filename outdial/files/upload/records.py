"""The same rules for rows that a program sends: mappings by column name instead of cells of a file."""

from collections.abc import Mapping, Sequence

from outdial.files.columns import PHONE, header_key
from outdial.files.upload.cells import Cell, NumberText
from outdial.files.upload.header import layout_of, refuse_repeated
from outdial.files.upload.model import Header, InvalidRow, UploadChunk, UploadRules, ValidRow
from outdial.files.upload.table import TableChecker

Record = Mapping[str, str | int | float | bool | None]


def read_records(records: Sequence[Record], rules: UploadRules, now_us: int) -> tuple[Header, UploadChunk]:
    """Check records as the rows of a file; `row` counts from 1. Blank ones are refused, not passed over.

    Raises UploadRejected with a file code: column-unknown, column-repeated, column-missing, too-many-rows.
    """
    names: dict[str, str] = {header_key(PHONE): PHONE}
    for record in records:
        for name in record:
            names.setdefault(header_key(name), name)
    layout = layout_of(1, list(names.values()), rules)
    checker = TableChecker(layout, rules, now_us)
    rows: list[ValidRow] = []
    invalid: list[InvalidRow] = []
    for number, record in enumerate(records, start=1):
        cells = {header_key(name): _cell(value) for name, value in record.items()}
        if len(cells) < len(record):
            refuse_repeated(dict(enumerate(record)))
        row = checker.check(number, [cells.get(key) for key in names])
        rows.append(row) if isinstance(row, ValidRow) else invalid.append(row)
    return layout.header, UploadChunk(tuple(rows), tuple(invalid))


def _cell(value: str | int | float | bool | None) -> Cell:
    if value is None or isinstance(value, str):
        return value
    return str(value).upper() if isinstance(value, bool) else NumberText(repr(value))
