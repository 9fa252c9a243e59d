"""Erasable blocks in memory, for those who read them."""

from collections.abc import Sequence

from outdial.client.registry import SchemaTopic
from outdial.eventlog.kafka import KafkaConfig
from outdial.messages.persons import PersonsBlock, encode_block
from services.dialer.person_blocks import PersonBlocks
from tests.kit.campaign import CODEC


class Blocks:
    """A block topic; None is a tombstone, and `away` a broker that does not answer."""

    def __init__(self, **blocks: bytes | None) -> None:
        self.blocks = blocks
        self.reads: list[tuple[str, int]] = []
        self.away = False

    async def get(self, key: str, partition: int, at_least: int, timeout_s: float) -> bytes | None:
        self.reads.append((key, at_least))
        if self.away:
            raise TimeoutError
        return self.blocks.get(key)

    def put(self, key: str, phones: Sequence[str]) -> None:
        """Write a block of these numbers."""
        self.blocks[key] = encode_block(CODEC, block_of(phones))

    def persons(self) -> PersonBlocks:
        """A reader of them."""
        return PersonBlocks(self, CODEC, SchemaTopic(KafkaConfig("nowhere:1")), 4)


def block_of(phones: Sequence[str]) -> PersonsBlock:
    """People of whom only the numbers are known."""
    rows = len(phones)
    return PersonsBlock(
        stream="spring",
        upload_id="u",
        kind="records",
        block_row=list(range(rows)),
        salt=[bytes(16)] * rows,
        phone=list(phones),
        name=[""] * rows,
    )
