"""Reads blocks of personal data for the fold."""

from typing import Final

from outdial.eventlog.blocks import BlockReader
from outdial.messages.codec import Codec
from outdial.messages.persons import PersonsBlock, decode_block

TIMEOUT_S: Final = 30.0


class BlockSource:
    """outdial.persons as the fold sees it."""

    def __init__(self, reader: BlockReader, codec: Codec) -> None:
        self._reader, self._codec = reader, codec

    async def read(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        """The block, None when it was erased; TimeoutError when the reader does not get so far."""
        value = await self._reader.get(block_id, partition, offset, TIMEOUT_S)
        return None if value is None else decode_block(self._codec, value)
