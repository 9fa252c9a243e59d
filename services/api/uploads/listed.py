"""Rows whose number is on a do-not-call list are refused. The dialer, who asks at the call, has the last word."""

from collections.abc import Awaitable, Callable, Collection, Sequence

from outdial.files.columns import AGENT, EXPIRY, NAME, PHONE, PRIORITY, SKILL
from outdial.files.download.cells import LocalTimes
from outdial.files.upload import Header, InvalidRow, UploadChunk, ValidRow
from services.api.problems import row_texts

CODE = "do-not-call"


class Refusing:
    """Refuses rows of one upload; `listed` gives those of some numbers that are on a list now."""

    def __init__(
        self, listed: Callable[[Sequence[str]], Awaitable[Collection[str]]], header: Header, time_zone: str
    ) -> None:
        self._listed, self._header, self._times = listed, header, LocalTimes(time_zone)

    async def refuse(self, chunk: UploadChunk) -> UploadChunk:
        """The chunk, with its listed rows among the refused ones in the order of the file. Raises as `listed`."""
        return (await self.refuse_all([chunk]))[0]

    async def refuse_all(self, chunks: Sequence[UploadChunk]) -> Sequence[UploadChunk]:
        """The same for several chunks, with one question for all of them."""
        phones = [row.phone for chunk in chunks for row in chunk.rows]
        listed = await self._listed(phones) if phones else ()
        return [self._without(chunk, listed) for chunk in chunks] if listed else chunks

    def _without(self, chunk: UploadChunk, listed: Collection[str]) -> UploadChunk:
        refused = (self._refused(row) for row in chunk.rows if row.phone in listed)
        invalid = sorted((*chunk.invalid, *refused), key=lambda row: row.row)
        return UploadChunk(tuple(row for row in chunk.rows if row.phone not in listed), tuple(invalid))

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
            **dict(zip(self._header.extra_columns, row.extra, strict=True)),
        }
        return tuple(known.get(column, "") for column in self._header.columns)
