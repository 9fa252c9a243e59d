"""Erasable blocks, read and decoded through a small cache: numbers are in memory while they are needed."""

from collections import OrderedDict
from typing import Final, Protocol

from outdial.campaign.state import ChunkRef
from outdial.client.registry import SchemaTopic
from outdial.messages.codec import Codec, UnknownSchema
from outdial.messages.partition import partition_of
from outdial.messages.persons import PersonsBlock, decode_block

CACHE_BLOCKS: Final = 64
READ_TIMEOUT_S: Final = 5.0


class Blocks(Protocol):
    """What is needed of eventlog's BlockReader."""

    async def get(self, key: str, partition: int, at_least: int, timeout_s: float) -> bytes | None:
        """See BlockReader.get."""


class PersonBlocks:
    """The blocks that campaigns and lists refer to."""

    def __init__(self, blocks: Blocks, codec: Codec, schemas: SchemaTopic, partitions: int) -> None:
        self._blocks, self._codec, self._schemas, self._partitions = blocks, codec, schemas, partitions
        self._cache: OrderedDict[tuple[str, bytes], PersonsBlock] = OrderedDict()

    async def of(self, stream: str, chunk: ChunkRef) -> PersonsBlock | None:
        """The block of a chunk; None when it was erased. Raises TimeoutError when it cannot be read."""
        partition = partition_of(stream.encode(), self._partitions)
        value = await self._blocks.get(chunk.block_id, partition, chunk.block_offset, READ_TIMEOUT_S)
        if value is None:
            return None
        # The value itself is part of the key: a block that was rewritten after an erasure is read again.
        key = (chunk.block_id, value)
        if key not in self._cache:
            self._cache[key] = await self._decoded(value)
            if len(self._cache) > CACHE_BLOCKS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    async def _decoded(self, value: bytes) -> PersonsBlock:
        try:
            return decode_block(self._codec, value)
        except UnknownSchema:
            await self._schemas.learn(self._codec)
            return decode_block(self._codec, value)
