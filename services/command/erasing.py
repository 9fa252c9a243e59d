"""Takes deleted people out of their blocks, and tells when their bytes are gone from the log.

Computed from the fold, appended by the partition's fenced producer. Nothing here is kept: after a restart it goes on
where blocks still hold a row that is to go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from outdial.campaign.commands import ConfirmErasure
from outdial.campaign.erasure import (
    BlockErasure,
    blocks_of,
    pending,
    referenced_blocks,
    refused_before,
    with_duplicates,
)
from outdial.campaign.state import CampaignState, ChunkRef, Erasure
from outdial.eventlog.ports import Message
from outdial.messages.codec import Codec
from outdial.messages.persons import PersonsBlock, encode_block, without_rows
from services.command.rows import RowReader
from services.command.streams import Stream, Streams

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

    campaign: str
    erasure_id: str

    @property
    def command(self) -> ConfirmErasure:
        """What tells the campaign's history."""
        return ConfirmErasure(self.erasure_id, HOLDER)

    @property
    def command_id(self) -> str:
        """The same for every attempt to tell it."""
        return f"{self.erasure_id}/{HOLDER}"


class Erasing:
    """One partition's work. `margin_us`: how long the broker keeps a compacted file before it removes it."""

    def __init__(
        self, partition: int, codec: Codec, streams: Streams, rows: RowReader, margin_us: int
    ) -> None:
        self._partition, self._codec, self._streams, self._rows = partition, codec, streams, rows
        self._margin_us = margin_us
        self._waiting: list[tuple[Stream, BlockErasure | ChunkRef]] = []
        self._compacted_us: dict[tuple[str, str], int] = {}
        self._look_us = self._sweep_us = 0

    async def rewrites(self, now_us: int) -> Sequence[Message]:
        """Blocks without the rows that are to go, a few at a time; and what keeps compaction going."""
        messages: list[Message] = []
        if not self._waiting and now_us >= self._look_us:
            self._waiting = [
                (stream, one)
                for stream, erasure in self._pending(now_us)
                for one in _places(stream.state, erasure)
            ]
            messages += [HEARTBEAT] if self._waiting else []
        taken, self._waiting = self._waiting[:BLOCKS_AT_ONCE], self._waiting[BLOCKS_AT_ONCE:]
        messages += [message for place in taken if (message := await self._rewrite(*place)) is not None]
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
        for stream, erasure in self._pending(now_us):
            key = (stream.state.campaign_id, erasure.erasure_id)
            if key not in self._compacted_us and await self._is_compacted(stream, erasure):
                self._compacted_us[key] = now_us
            if now_us >= self._compacted_us.get(key, now_us + 1) + self._margin_us:
                found.append(Erased(stream.state.campaign_id, erasure.erasure_id))
        return found

    def _pending(self, now_us: int) -> Iterator[tuple[Stream, Erasure]]:
        for stream in self._streams:
            for erasure in () if stream.parked else pending(stream.state, now_us, HOLDER):
                yield stream, erasure

    async def _is_compacted(self, stream: Stream, erasure: Erasure) -> bool:
        for one in _places(stream.state, erasure):
            is_rewritten = await self._rewrite(stream, one) is None
            if not is_rewritten or not await self._rows.is_only_newest(one.block_id):
                return False
        return True

    async def _rewrite(self, stream: Stream, one: BlockErasure | ChunkRef) -> Message | None:
        block = await self._rows.block(one.block_id, one.block_offset, self._partition)
        if block is None:
            return None
        if isinstance(one, ChunkRef):
            rows = await self._left_alone(stream, one, block)
        else:
            rows = frozenset(block.block_row) if one.rows is None else one.rows
        if rows.isdisjoint(block.block_row):
            return None
        left = without_rows(block, rows)
        key = one.block_id.encode()
        return Message(key, None if left is None else encode_block(self._codec, left))

    async def _left_alone(self, stream: Stream, chunk: ChunkRef, block: PersonsBlock) -> frozenset[int]:
        """Rows that were duplicates of a record that is there no more: they are the same person."""
        await self._rows.load_index(stream, self._partition)
        phones = stream.phones
        return frozenset(
            row
            for row, phone in zip(block.block_row, block.phone, strict=True)
            if row not in chunk.block_rows
            and phones is not None
            and self._rows.phone_hash(phone) not in phones
        )

    def _unreferenced(self, now_us: int) -> list[Message]:
        """Tombstones for old blocks that no campaign refers to: of dead uploaders, rejected or abandoned uploads."""
        old = self._rows.living(self._partition, now_us - UNREFERENCED_US)
        if not old or any(stream.parked for stream in self._streams):
            return []  # what a parked campaign refers to is not known
        referenced = {block for stream in self._streams for block in referenced_blocks(stream.state)}
        return [Message(key.encode(), None) for key in old if key not in referenced][:BLOCKS_AT_ONCE]


def _places(state: CampaignState, erasure: Erasure) -> list[BlockErasure | ChunkRef]:
    refused = refused_before(state, erasure.decided_us)
    return [*blocks_of(state, erasure.records), *refused, *with_duplicates(state)]
