"""The reader of blocks keeps contents for those who still want them, bounded, and reads the others again."""

from collections.abc import Sequence

from outdial.eventlog.blocks import BlockReader, Place
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord


class Told(BlockReader):
    """A reader that hears of blocks from the test; `reads` are the offsets that it had to fetch."""

    def __init__(self, cache_bytes: int) -> None:
        super().__init__(KafkaConfig("nowhere:1"), "outdial.persons", cache_bytes)
        self.reads: list[int] = []

    def hear(self, records: Sequence[LogRecord]) -> None:
        self._note(0, records)
        self._passed[0] = records[-1].offset + 1

    async def _read(self, place: Place) -> bytes | None:
        self.reads.append(place.offset)
        return b"fetched"


def block(offset: int, size: int = 4) -> LogRecord:
    return LogRecord(0, offset, 1, f"block-{offset}".encode(), bytes([offset]) * size, ())


async def test_a_block_that_was_heard_is_not_fetched() -> None:
    reader = Told(100)
    reader.hear([block(1)])

    assert await reader.get("block-1", 0, 1, 1.0) == b"\x01" * 4
    assert reader.reads == []


async def test_a_block_that_is_released_makes_room_and_can_still_be_read() -> None:
    reader = Told(8)
    reader.hear([block(1), block(2)])

    assert await reader.get("block-1", 0, 1, 1.0) == b"\x01" * 4  # now the other one would go first
    reader.release("block-1")
    reader.release("never-heard")
    reader.hear([block(3)])

    assert await reader.get("block-2", 0, 2, 1.0) == b"\x02" * 4  # without the room this one had gone
    assert reader.reads == []
    assert await reader.get("block-1", 0, 1, 1.0) == b"fetched"
