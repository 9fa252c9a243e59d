"""Rejected rows as they came, out of their erasable blocks, for the workbook that people correct and send again."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.replay import replay
from outdial.files.upload import Header, InvalidRow
from outdial.messages.codec import Codec
from outdial.messages.persons import PersonsBlock, decode_block
from services.api.problems import row_texts

PERSONS: Final = "outdial.persons"
MOST: Final = 100_000
Find = Callable[[str, str, int], Awaitable[tuple[int, list[dict[str, Any]]]]]
Fetch = Callable[[int, Mapping[str, int]], Awaitable[Mapping[str, PersonsBlock]]]


class BlockFetcher:
    """Reads blocks where they were written; one that was rewritten or erased since is left out."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._kafka, self._codec = kafka, Codec()

    async def fetch(self, partition: int, places: Mapping[str, int]) -> Mapping[str, PersonsBlock]:
        """The blocks by id, from their offsets."""
        found: dict[str, PersonsBlock] = {}
        if not places:
            return found
        starts, ends = {partition: min(places.values())}, {partition: max(places.values()) + 1}
        async for _, records in replay(self._kafka, PERSONS, starts, ends):
            for record in records:
                key = (record.key or b"").decode()
                if key in places and record.value is not None:
                    found[key] = decode_block(self._codec, record.value)
        return found


@dataclass(frozen=True, slots=True)
class Rejected:
    """The file's columns, the rows that became no record, and what people must know of those that are not here."""

    header: Header
    rows: Sequence[InvalidRow]
    note: str = ""


class RejectedRows:
    """`find` asks the views where the rows are, `fetch` reads the blocks."""

    def __init__(self, find: Find, fetch: Fetch) -> None:
        self._find, self._fetch = find, fetch

    async def read(self, campaign: str, upload_id: str, columns: Sequence[str]) -> Rejected:
        """The rows of an upload, at most MOST. `columns` are the file's, if its blocks do not name them."""
        partition, rows = await self._find(campaign, upload_id, MOST)
        blocks = await self._fetch(partition, {row["block_id"]: row["block_offset"] for row in rows})
        found = [one for row in rows if (one := _row(row, blocks)) is not None]
        named = next((block.columns for block in blocks.values() if block.columns), columns)
        width = max((len(row.cells) for row in found), default=1)
        header = Header(tuple(named) or tuple(f"Column {n + 1}" for n in range(width)))
        return Rejected(header, found, _note(len(rows), len(rows) - len(found)))


def _note(known: int, gone: int) -> str:
    told = [f"{gone:,} rejected rows are not here: they were deleted."] if gone else []
    if known >= MOST:
        told.append(
            f"These are the first {MOST:,} rejected rows. Send them corrected, then send the first file once more:"
            " what is in is passed over, and the next rejected rows come back."
        )
    return " ".join(told)


def _row(row: Mapping[str, Any], blocks: Mapping[str, PersonsBlock]) -> InvalidRow | None:
    block = blocks.get(row["block_id"])
    place = None if block is None else block.place(row["place"])
    if block is None or place is None:
        return None
    code = row["code"]
    return InvalidRow(
        row["row"], row["column_name"], code, row_texts().get(code, code), tuple(block.cells[place])
    )
