"""Takes deleted people out of their blocks, and tells when their bytes are gone from the log.

Computed from the fold, appended by the partition's fenced producer. Nothing here is kept: after a restart it goes on
where blocks still hold a row that is to go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from outdial.campaign.erasure import BlockErasure, blocks_of, pending, referenced_blocks
from outdial.campaign.state import CampaignState, Erasure
from outdial.eventlog.ports import Message
from outdial.messages.codec import Codec
from outdial.messages.persons import encode_block, without_rows
from services.command.rows import RowReader
from services.command.streams import Streams

BLOCKS_AT_ONCE: Final = 50
HOLDER: Final = "log"
# The segment that is written to is never compacted: while something is to go, appends make it roll.
HEARTBEAT: Final = Message(b"heartbeat", None)
LOOK_EVERY_US: Final = 5_000_000
SWEEP_EVERY_US: Final = 60_000_000
UNREFERENCED_US: Final = 3_600_000_000  # an uploader that was that slow has been abandoned before


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure whose rows nobody can read from the log any more."""

    state: CampaignState
    erasure_id: str


class Erasing:
    """One partition's work. `margin_us`: how long the broker keeps a compacted file before it removes it."""

    def __init__(
        self, partition: int, codec: Codec, streams: Streams, rows: RowReader, margin_us: int
    ) -> None:
        self._partition, self._codec, self._streams, self._rows = partition, codec, streams, rows
        self._margin_us = margin_us
        self._waiting: list[BlockErasure] = []
        self._compacted_us: dict[tuple[str, str], int] = {}
        self._look_us = self._sweep_us = 0

    async def rewrites(self, now_us: int) -> Sequence[Message]:
        """Blocks without the rows that are to go, a few at a time; and what keeps compaction going."""
        messages: list[Message] = []
        if not self._waiting and now_us >= self._look_us:
            self._waiting = [
                block for state, erasure in self._pending(now_us) for block in _blocks(state, erasure)
            ]
            messages += [HEARTBEAT] if self._waiting else []
        taken, self._waiting = self._waiting[:BLOCKS_AT_ONCE], self._waiting[BLOCKS_AT_ONCE:]
        messages += [message for one in taken if (message := await self._rewrite(one)) is not None]
        if now_us >= self._sweep_us:
            self._sweep_us = now_us + SWEEP_EVERY_US
            messages += self._unreferenced(now_us)
        return messages

    async def erased(self, now_us: int) -> Sequence[Erased]:
        """Erasures whose older blocks were compacted away and whose files are removed; looks every few seconds."""
        if self._waiting or now_us < self._look_us:
            return []
        self._look_us = now_us + LOOK_EVERY_US
        found = []
        for state, erasure in self._pending(now_us):
            key = (state.campaign_id, erasure.erasure_id)
            if key not in self._compacted_us and await self._is_compacted(state, erasure):
                self._compacted_us[key] = now_us
            if now_us >= self._compacted_us.get(key, now_us + 1) + self._margin_us:
                found.append(Erased(state, erasure.erasure_id))
        return found

    def _pending(self, now_us: int) -> Iterator[tuple[CampaignState, Erasure]]:
        for stream in self._streams:
            for erasure in () if stream.parked else pending(stream.state, now_us, HOLDER):
                yield stream.state, erasure

    async def _is_compacted(self, state: CampaignState, erasure: Erasure) -> bool:
        for one in _blocks(state, erasure):
            if await self._rewrite(one) is not None or not await self._rows.is_only_newest(one.block_id):
                return False
        return True

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

    def _unreferenced(self, now_us: int) -> list[Message]:
        """Tombstones for old blocks that no campaign refers to: of dead uploaders, rejected or abandoned uploads."""
        old = self._rows.living(self._partition, now_us - UNREFERENCED_US)
        if not old or any(stream.parked for stream in self._streams):
            return []  # what a parked campaign refers to is not known
        referenced = {block for stream in self._streams for block in referenced_blocks(stream.state)}
        return [Message(key.encode(), None) for key in old if key not in referenced][:BLOCKS_AT_ONCE]


def _blocks(state: CampaignState, erasure: Erasure) -> list[BlockErasure]:
    return blocks_of(state, erasure.records)
