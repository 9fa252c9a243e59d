"""Finds the phone numbers of records in the erasable blocks. Numbers live in memory for as long as a call is placed."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence

from outdial.campaign.state import CampaignState, ChunkRef
from services.dialer.person_blocks import PersonBlocks


class Phones:
    """Numbers by record."""

    def __init__(self, blocks: PersonBlocks) -> None:
        self._blocks = blocks

    async def of(self, state: CampaignState, records: Sequence[int]) -> Mapping[int, str]:
        """The numbers of those records whose row is there. Raises TimeoutError when blocks cannot be read."""
        wanted: dict[int, list[int]] = defaultdict(list)
        for record in records:
            place = bisect_right(state.chunks, record, key=lambda chunk: chunk.first_record) - 1
            wanted[place].append(record)
        found: dict[int, str] = {}
        for place, numbers in wanted.items():
            if place >= 0:
                found.update(await self._of_chunk(state, state.chunks[place], numbers))
        return found

    async def _of_chunk(
        self, state: CampaignState, chunk: ChunkRef, records: Sequence[int]
    ) -> Mapping[int, str]:
        block = await self._blocks.of(state.campaign_id, chunk)
        if block is None:
            return {}
        found: dict[int, str] = {}
        for record in records:
            row = record - chunk.first_record
            place = block.place(chunk.block_rows[row]) if row < len(chunk.block_rows) else None
            if place is not None:
                found[record] = block.phone[place]
        return found
