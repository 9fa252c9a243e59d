"""One upload on its way: blocks first, then the commands that name them, never more than four without an answer."""

import asyncio
from collections.abc import Sequence

import pytest

from outdial.campaign.commands import AddRecords
from outdial.client.requests import Answer, CommandRejected, Request
from outdial.client.sender import CommandSender
from outdial.client.upload import MAX_UNANSWERED, Upload, UploadSession
from outdial.eventlog.blocks import BlockWriter
from outdial.files.upload import InvalidRow, UploadChunk, ValidRow
from outdial.messages.codec import Codec
from outdial.messages.persons import decode_block

CODEC = Codec()
UPLOAD = Upload("spring", "u-1", "admin", (), ("PhoneNumber",))


class Log(CommandSender, BlockWriter):
    """Takes blocks and commands; answers when it is told to."""

    def __init__(self) -> None:
        self.partitions = 4
        self.codec = CODEC
        self.blocks: dict[str, tuple[int, bytes]] = {}
        self.writing = self.most_writing = 0
        self.asked: list[AddRecords] = []
        self.answers: list[asyncio.Future[bool]] = []

    async def write(self, partition: int, key: str, value: bytes) -> int:
        self.writing += 1
        self.most_writing = max(self.most_writing, self.writing)
        await asyncio.sleep(0)  # the others begin meanwhile, if they may
        self.writing -= 1
        self.blocks[key] = (len(self.blocks), value)
        return self.blocks[key][0]

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        assert isinstance(request.command, AddRecords)
        self.asked.append(request.command)
        self.answers.append(asyncio.get_running_loop().create_future())
        accepted = await self.answers[-1]
        code = "" if accepted else "upload-closed"
        names = (request.command_id, "AddRecords", request.stream)
        return Answer(*names, accepted, code, 1, "Ready", 1, 1, 1, accepted, "", 1)

    def answer(self, accepted: bool = True) -> None:
        """What is asked now."""
        for one in self.answers:
            if not one.done():
                one.set_result(accepted)


def session(log: Log) -> UploadSession:
    return UploadSession(log, log, CODEC, UPLOAD)


def chunks(first: int, count: int) -> Sequence[UploadChunk]:
    refused = InvalidRow(9, "PhoneNumber", "phone-invalid", "it is none", ("12345",))
    return [
        UploadChunk((ValidRow(2, f"+9190000000{number:02d}"),), (refused,))
        for number in range(first, first + count)
    ]


async def some_turns() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_chunks_that_are_added_together_are_written_and_sent_as_one() -> None:
    log = Log()

    sent = await session(log).add_all(chunks(0, 4))
    await some_turns()

    assert log.most_writing == 8  # a block of records and one of refused rows each
    assert [command.chunk for command in log.asked] == [0, 1, 2, 3]
    log.answer()
    assert [answer.accepted for answer in await asyncio.gather(*sent)] == [True] * 4


async def test_every_command_names_its_own_blocks() -> None:
    log = Log()

    await session(log).add_all(chunks(0, 3))
    await some_turns()

    for number, command in enumerate(log.asked):
        offset, value = log.blocks[command.block_id]
        assert command.block_id.startswith(f"spring/u-1/{number}/")
        block = decode_block(CODEC, value)
        assert (block.phone, block.commitments()) == ([f"+9190000000{number:02d}"], command.commitment)
        assert len(set(block.salt)) == len(block.salt)
        assert offset == command.block_offset
        refused = decode_block(CODEC, log.blocks[command.invalid_block_id][1])
        assert (refused.kind, refused.cells) == ("rejected", [["12345"]])


async def test_never_more_than_four_are_unanswered_and_the_next_blocks_are_written_meanwhile() -> None:
    log = Log()
    upload = session(log)
    await upload.add_all(chunks(0, 4))

    further = asyncio.create_task(upload.add_all(chunks(4, 4)))
    await some_turns()

    assert len(log.asked) == MAX_UNANSWERED
    assert len(log.blocks) == 16
    log.answer()
    await further
    await some_turns()
    assert [command.chunk for command in log.asked] == list(range(8))
    log.answer()


async def test_more_at_once_than_may_be_unanswered_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 4"):
        await session(Log()).add_all(chunks(0, 5))


async def test_a_refused_chunk_is_heard_before_further_ones_are_sent() -> None:
    log = Log()
    upload = session(log)
    await upload.add_all(chunks(0, 4))
    further = asyncio.create_task(upload.add(chunks(4, 1)[0]))
    await some_turns()

    log.answer(accepted=False)

    with pytest.raises(CommandRejected):
        await further
    assert len(log.asked) == MAX_UNANSWERED
    await upload.close()
