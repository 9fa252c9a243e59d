"""What the fold reads beside the events: blocks of personal data, schemas, and where the log ends."""

from typing import Final

from outdial.client.registry import SchemaTopic
from outdial.eventlog.blocks import BlockReader
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import high_watermarks
from outdial.messages.codec import Codec
from outdial.messages.persons import PersonsBlock, decode_block
from outdial.views.cursor import EVENTS
from outdial.views.reading import FactReader

PERSONS: Final = "outdial.persons"
BLOCK_TIMEOUT_S: Final = 30.0


class Sources:
    """The readers of one process; `facts` is what a fold needs of them."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._kafka, self._codec = kafka, Codec()
        self._blocks = BlockReader(kafka, PERSONS)
        self._started = False
        self.facts = FactReader(self._codec, self, SchemaTopic(kafka).learn, self._log_end)

    async def start(self) -> None:
        """Begin to follow the blocks, once. Raises LogUnavailable."""
        if not self._started:
            self._started = True
            await self._blocks.start()

    async def stop(self) -> None:
        """End following."""
        await self._blocks.stop()

    async def read(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        """The block, None when it was erased; TimeoutError when the reader does not get so far."""
        value = await self._blocks.get(block_id, partition, offset, BLOCK_TIMEOUT_S)
        self._blocks.release(block_id)  # each is folded once, and a big upload would fill the cache with them
        return None if value is None else decode_block(self._codec, value)

    async def _log_end(self, partition: int) -> int:
        return (await high_watermarks(self._kafka, EVENTS, [partition]))[partition]
