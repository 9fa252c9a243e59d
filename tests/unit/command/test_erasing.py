"""Taking deleted people out of their blocks: little at a time, sure that nothing older is left, done once."""

import pytest

from outdial.campaign import commands as c
from outdial.campaign.filter import Filter
from outdial.eventlog.ports import Message
from outdial.messages.codec import Codec
from outdial.messages.persons import PersonsBlock, decode_block
from services.command.erasing import BLOCKS_AT_ONCE, HEARTBEAT, HOUR_US, LOOK_EVERY_US, Erased, Erasing, Spans
from services.command.rows import RowReader
from services.command.streams import Stream, Streams
from tests.kit.campaign import Campaign, begin, chunk, ready

CODEC = Codec()
CHUNKS = 2 * BLOCKS_AT_ONCE
MARGIN_US, NOW_US = 60_000_000, 1_900_000_000_000_000


class Blocks(RowReader):
    """Blocks of one row each; what was rewritten stays readable until the compaction."""

    def __init__(self, campaign: Campaign) -> None:
        self.newest: dict[str, PersonsBlock | None] = {
            one.block_id: PersonsBlock("spring", one.upload_id, "records", [0], [bytes(16)], ["+1"], ["A"])
            for one in campaign.state.chunks
        }
        self.older: set[str] = set()
        self.written_us: dict[str, int] = {}
        self.asked = 0

    async def block(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        self.asked += 1
        return self.newest.get(block_id)

    async def is_only_newest(self, block_id: str) -> bool:
        return block_id not in self.older

    def living(self, partition: int, before_us: int) -> list[str]:
        return [key for key, at_us in self.written_us.items() if at_us < before_us and self.newest.get(key)]

    def replaced(self, partition: int) -> list[str]:
        return sorted(self.older)

    def append(self, messages: list[Message]) -> None:
        for message in messages:
            assert message.key is not None
            self.older.add(message.key.decode())
            self.newest[message.key.decode()] = (
                None if message.value is None else decode_block(CODEC, message.value)
            )


class Work:
    """The chores of a partition, second after second, on a campaign whose records are all deleted."""

    def __init__(self) -> None:
        campaign = ready(records=0)
        campaign.accept(begin("u1"))
        for number in range(CHUNKS):
            campaign.accept(chunk("u1", number, 1, first_row=2 + number), phone_hashes=[number])
        campaign.accept(c.CommitUpload("u1", CHUNKS, CHUNKS))
        campaign.accept(c.DeleteRecords((Filter(),), confirm_affected=CHUNKS), "delete-1")
        streams = Streams(CODEC)
        streams.keep(Stream(campaign.state))
        self.blocks = Blocks(campaign)
        self.erasing = Erasing(0, CODEC, streams, self.blocks, Spans(MARGIN_US))
        self.now_us = NOW_US

    async def second(self) -> tuple[list[Message], list[Erased]]:
        self.blocks.asked = 0
        written = [message for message in await self.erasing.rewrites(self.now_us) if message != HEARTBEAT]
        self.blocks.append(written)
        gone = list(await self.erasing.erased(self.now_us))
        self.now_us += 1_000_000
        return written, gone


@pytest.fixture
def work() -> Work:
    return Work()


async def test_every_block_is_rewritten_once_and_commands_wait_for_few_of_them(work: Work) -> None:
    written: list[Message] = []
    for _ in range(10):
        messages, gone = await work.second()
        assert work.blocks.asked <= 2 * BLOCKS_AT_ONCE
        assert gone == []
        written += messages

    assert len({message.key for message in written}) == len(written) == CHUNKS
    assert {message.value for message in written} == {None}, "nobody was left in any block"


async def test_it_is_told_when_nothing_older_can_be_read_and_the_files_are_gone(work: Work) -> None:
    for _ in range(10):
        assert (await work.second())[1] == []
    work.blocks.older.clear()  # compacted
    compacted_us, told = work.now_us, list[Erased]()
    while not told:
        assert work.now_us < compacted_us + 2 * MARGIN_US
        told = (await work.second())[1]

    assert told == [Erased("spring", "delete-1")]
    assert work.now_us >= compacted_us + MARGIN_US


async def test_a_block_that_can_still_be_read_holds_everything_back(work: Work) -> None:
    for _ in range(10):
        await work.second()
    work.blocks.older = {f"spring/u1/{CHUNKS - 1}/x"}

    for _ in range(3 * MARGIN_US // 1_000_000):
        assert (await work.second())[1] == []


async def test_the_log_is_kept_going_while_something_is_to_go(work: Work) -> None:
    beats = 0
    for _ in range(20):
        beats += HEARTBEAT in await work.erasing.rewrites(work.now_us)
        work.now_us += 1_000_000

    assert beats == 20_000_000 // LOOK_EVERY_US


async def test_the_log_is_kept_going_while_an_older_version_of_anything_can_be_read(work: Work) -> None:
    """A swept block on a partition where nothing happens any more would stay in its segment for ever."""
    work.erasing = Erasing(0, CODEC, Streams(CODEC), work.blocks, Spans(MARGIN_US))
    work.blocks.older = {"spring/dead/0/x"}
    assert list(await work.erasing.rewrites(work.now_us)) == [HEARTBEAT]

    work.blocks.older.clear()

    assert list(await work.erasing.rewrites(work.now_us + LOOK_EVERY_US)) == []


class Sweep:
    """An old block that nobody refers to, and a partition that looks after it."""

    def __init__(self) -> None:
        campaign = ready(records=0)
        self.streams = Streams(CODEC)
        self.streams.keep(Stream(campaign.state))
        self.blocks = Blocks(campaign)
        self.key = "spring/dead/0/x"
        self.blocks.newest[self.key] = PersonsBlock(
            "spring", "dead", "records", [0], [bytes(16)], ["+1"], ["A"]
        )
        self.blocks.written_us[self.key] = NOW_US
        self.erasing = Erasing(0, CODEC, self.streams, self.blocks, Spans(MARGIN_US))

    async def at(self, now_us: int) -> list[Message]:
        found = [one for one in await self.erasing.rewrites(now_us) if one != HEARTBEAT]
        self.blocks.append(found)
        return found


async def test_a_block_that_nobody_refers_to_goes_an_hour_later() -> None:
    sweep = Sweep()
    await sweep.at(NOW_US)
    assert await sweep.at(NOW_US + HOUR_US) == []
    assert await sweep.at(NOW_US + HOUR_US + 60_000_001) == [Message(sweep.key.encode(), None)]
    assert await sweep.at(NOW_US + 2 * HOUR_US) == []


async def test_nothing_is_swept_at_once_after_an_opening() -> None:
    """Commands that came while nobody wrote may name the block, and are decided first."""
    sweep = Sweep()
    assert await sweep.at(NOW_US + 2 * HOUR_US) == []
    assert await sweep.at(NOW_US + 2 * HOUR_US + 60_000_000) == [Message(sweep.key.encode(), None)]


async def test_nothing_is_swept_that_a_waiting_command_may_name() -> None:
    """The writer works off two hours of commands: those that name the block are not decided yet."""
    sweep = Sweep()
    await sweep.at(NOW_US)
    sweep.erasing.heard(NOW_US + HOUR_US // 2)
    assert await sweep.at(NOW_US + 2 * HOUR_US) == []

    sweep.erasing.heard(NOW_US + 2 * HOUR_US)

    assert await sweep.at(NOW_US + 3 * HOUR_US) == [Message(sweep.key.encode(), None)]
