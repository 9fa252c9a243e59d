"""Finds the phone numbers of records in the erasable blocks. Numbers live in memory for as long as a call is placed."""

import logging
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from outdial.campaign.state import CampaignState, ChunkRef
from outdial.client.registry import SchemaTopic
from outdial.messages.codec import Codec, UnknownSchema
from outdial.messages.partition import partition_of
from outdial.messages.persons import PersonsBlock, decode_block

log = logging.getLogger(__name__)
CACHE_BLOCKS: Final = 64
READ_TIMEOUT_S: Final = 5.0


class Blocks(Protocol):
    """What is needed of eventlog's BlockReader."""

    async def get(self, key: str, partition: int, at_least: int, timeout_s: float) -> bytes | None:
        """See BlockReader.get."""


class Phones:
    """Reads decoded blocks through a small cache."""

    def __init__(self, blocks: Blocks, codec: Codec, schemas: SchemaTopic, partitions: int) -> None:
        self._blocks, self._codec, self._schemas, self._partitions = blocks, codec, schemas, partitions
        self._cache: OrderedDict[tuple[str, bytes], PersonsBlock] = OrderedDict()

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
        block = await self._block(state.campaign_id, chunk)
        if block is None:
            return {}
        found: dict[int, str] = {}
        for record in records:
            row = record - chunk.first_record
            place = block.place(chunk.block_rows[row]) if row < len(chunk.block_rows) else None
            if place is not None:
                found[record] = block.phone[place]
        return found

    async def _block(self, campaign_id: str, chunk: ChunkRef) -> PersonsBlock | None:
        partition = partition_of(campaign_id.encode(), self._partitions)
        value = await self._blocks.get(chunk.block_id, partition, chunk.block_offset, READ_TIMEOUT_S)
        if value is None:
            return None
        # The value itself is part of the key: a block that was rewritten after an erasure is read again.
        key = (chunk.block_id, value)
        if key not in self._cache:
            try:
                self._cache[key] = decode_block(self._codec, value)
            except UnknownSchema:
                await self._schemas.learn(self._codec)
                self._cache[key] = decode_block(self._codec, value)
            if len(self._cache) > CACHE_BLOCKS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]
