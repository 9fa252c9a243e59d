"""Rows whose number is on a do-not-call list are refused. The dialer, who asks at the call, has the last word."""

from zoneinfo import ZoneInfo

from outdial.donotcall.numbers import NumberSet
from outdial.files.columns import AGENT, EXPIRY, NAME, PHONE, PRIORITY, SKILL
from outdial.files.download.cells import LocalTimes
from outdial.files.upload import Header, InvalidRow, UploadChunk, ValidRow
from services.api.problems import row_texts

CODE = "do-not-call"


class Refusing:
    """Refuses rows of one upload; `numbers` as they stand when it begins, `time_zone` of the campaign."""

    def __init__(self, numbers: NumberSet, header: Header, time_zone: str) -> None:
        self._numbers, self._header = numbers, header
        self._times = LocalTimes(ZoneInfo(time_zone).key)

    def refuse(self, chunk: UploadChunk) -> UploadChunk:
        """The chunk, with its listed rows among the refused ones in the order of the file."""
        listed = self._numbers.of([row.phone for row in chunk.rows])
        if not any(listed):
            return chunk
        refused = [self._refused(row) for row, is_listed in zip(chunk.rows, listed, strict=True) if is_listed]
        invalid = sorted((*chunk.invalid, *refused), key=lambda row: row.row)
        rows = [row for row, is_listed in zip(chunk.rows, listed, strict=True) if not is_listed]
        return UploadChunk(tuple(rows), tuple(invalid))

    def _refused(self, row: ValidRow) -> InvalidRow:
        return InvalidRow(row.row, PHONE, CODE, row_texts()[CODE], self._cells(row))

    def _cells(self, row: ValidRow) -> tuple[str, ...]:
        """What a corrected file would hold: the row as it was understood, not as it was typed."""
        known = {
            PHONE: row.phone,
            NAME: row.name,
            PRIORITY: str(row.priority),
            EXPIRY: self._times.plain(row.expires_us) if row.expires_us else "",
            AGENT: row.agent,
            SKILL: row.skill,
            **dict(zip(self._header.extra_columns, row.extra, strict=False)),
        }
        return tuple(known.get(column, "") for column in self._header.columns)
