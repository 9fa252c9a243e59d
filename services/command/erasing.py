"""Takes the rows of deleted records out of their blocks: rewritten without them, or tombstoned.

Computed from the fold, appended by the partition's fenced producer; after a restart it goes on where blocks still
hold a row that is to go.
"""

from typing import Final

from outdial.campaign.erasure import BlockErasure, blocks_of, pending
from outdial.eventlog.ports import Decision, Message
from outdial.messages.codec import Codec
from outdial.messages.persons import encode_block, without_rows
from services.command.rows import RowReader
from services.command.streams import Streams

BLOCKS_AT_ONCE: Final = 50
HOLDER: Final = "log"


class Erasing:
    """One partition's work; `done` is forgotten at a restart, and found done again."""

    def __init__(self, partition: int, codec: Codec, streams: Streams, rows: RowReader) -> None:
        self._partition, self._codec, self._streams, self._rows = partition, codec, streams, rows
        self._waiting: list[BlockErasure] = []
        self._begun: set[tuple[str, str]] = set()

    async def next(self, now_us: int) -> Decision | None:
        """The next rewrites; None when nothing is to be erased."""
        if not self._waiting:
            self._collect(now_us)
        taken, self._waiting = self._waiting[:BLOCKS_AT_ONCE], self._waiting[BLOCKS_AT_ONCE:]
        messages = [message for one in taken if (message := await self._rewrite(one)) is not None]
        return Decision(blocks=messages) if messages else None

    def _collect(self, now_us: int) -> None:
        for stream in self._streams:
            for erasure in pending(stream.state, now_us, HOLDER):
                key = (stream.state.campaign_id, erasure.erasure_id)
                if key not in self._begun:
                    self._begun.add(key)
                    self._waiting += blocks_of(stream.state, erasure.records)

    async def _rewrite(self, one: BlockErasure) -> Message | None:
        block = await self._rows.block(one.block_id, one.block_offset, self._partition)
        if block is None:
            return None
        rows = frozenset(block.block_row) if one.rows is None else one.rows
        if rows.isdisjoint(block.block_row):
            return None
        left = without_rows(block, rows)
        key = one.block_id.encode()
        return Message(key, None if left is None else encode_block(self._codec, left))
