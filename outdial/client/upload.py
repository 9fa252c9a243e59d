"""One open upload: each chunk's personal data goes into a block first, then the chunk command names it.

At most four chunks are unanswered, so that a Stop on the same partition never waits behind an upload.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from outdial.campaign.commands import AddRecords, BeginUpload, Command, CommitUpload, RejectUpload
from outdial.client.requests import Answer, CommandRejected, OutcomeUnknown, Request
from outdial.client.sender import CommandSender
from outdial.eventlog.blocks import BlockWriter
from outdial.files.upload import InvalidRow, UploadChunk, ValidRow
from outdial.messages.codec import Codec
from outdial.messages.commitment import SALT_LENGTH
from outdial.messages.partition import partition_of
from outdial.messages.persons import PersonsBlock, block_id, encode_block

MAX_UNANSWERED: Final = 4
CHUNK_TIMEOUT_S: Final = 10.0
REPEATS: Final = 30  # the same id is safe to send again


@dataclass(frozen=True, slots=True)
class Upload:
    """Which upload of which campaign, and who wants it. `columns`: those that rejected rows come with."""

    campaign: str
    upload_id: str
    actor: str
    extra_columns: Sequence[str] = ()
    columns: Sequence[str] = ()


class UploadSession:
    """Begin, add chunks in order, then commit or reject; each raises CommandRejected with the answer."""

    def __init__(self, sender: CommandSender, blocks: BlockWriter, codec: Codec, upload: Upload) -> None:
        self._sender, self._blocks, self._codec, self._upload = sender, blocks, codec, upload
        self._partition = partition_of(upload.campaign.encode(), sender.partitions)
        self._waiting: deque[asyncio.Task[Answer]] = deque()
        self.chunks = 0

    async def begin(self, command: BeginUpload) -> Answer:
        """Open the upload; nothing of the file has left this process before it is accepted."""
        return await self._ask(command, f"{self._upload.upload_id}/begin")

    async def add(self, chunk: UploadChunk) -> asyncio.Task[Answer]:
        """Send one chunk; returns its answer to come while up to four are unanswered."""
        return (await self.add_all([chunk]))[0]

    async def add_all(self, chunks: Sequence[UploadChunk]) -> list[asyncio.Task[Answer]]:
        """Send up to four chunks as one: the log takes them in one append and answers them in one transaction.

        Their blocks are written while those before them are still on their way.
        """
        if len(chunks) > MAX_UNANSWERED:
            raise ValueError(f"{len(chunks)} chunks at once, at most {MAX_UNANSWERED}")
        numbers = range(self.chunks, self.chunks + len(chunks))
        commands = await asyncio.gather(*map(self._chunk, numbers, chunks))
        while len(self._waiting) + len(commands) > MAX_UNANSWERED:
            await self._waiting.popleft()
        sent = [self._begin_to_send(command) for command in commands]
        self.chunks += len(sent)
        return sent

    def _begin_to_send(self, command: AddRecords) -> asyncio.Task[Answer]:
        before = self._waiting[-1] if self._waiting else None
        sent = asyncio.create_task(self._send(command, before))
        self._waiting.append(sent)
        return sent

    async def commit(self, read: int) -> Answer:
        """Wait for every chunk, then make the records visible; `read` = rows that were read."""
        await self._settle()
        command = CommitUpload(self._upload.upload_id, self.chunks, read)
        return await self._ask(command, f"{self._upload.upload_id}/commit")

    async def reject(self, code: str, column: str = "") -> Answer:
        """Give the upload up: nothing of it stays."""
        await self._settle()
        command = RejectUpload(self._upload.upload_id, code, column)
        return await self._ask(command, f"{self._upload.upload_id}/reject")

    async def close(self) -> None:
        """Forget what is unanswered; the upload stays open until somebody ends it."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)
        self._waiting.clear()

    async def _settle(self) -> None:
        while self._waiting:
            await self._waiting.popleft()

    async def _chunk(self, number: int, chunk: UploadChunk) -> AddRecords:
        rows, invalid = chunk.rows, chunk.invalid
        block = records_block(self._upload, rows, secrets.token_bytes) if rows else None
        refused = rejected_block(self._upload, invalid, secrets.token_bytes) if invalid else None
        (written, offset), (refused_id, refused_offset) = await asyncio.gather(
            self._write(number, block), self._write(number, refused)
        )
        return AddRecords(
            upload_id=self._upload.upload_id,
            chunk=number,
            block_id=written,
            block_offset=offset,
            row=[row.row for row in rows],
            priority=[row.priority for row in rows],
            expires_us=[row.expires_us or 0 for row in rows],
            agent=[row.agent for row in rows],
            skill=[row.skill for row in rows],
            zone=[row.zone for row in rows],
            commitment=block.commitments() if block else (),
            invalid_block_id=refused_id,
            invalid_block_offset=refused_offset,
            invalid_row=[row.row for row in invalid],
            invalid_code=[row.code for row in invalid],
            invalid_column=[row.column for row in invalid],
        )

    async def _write(self, number: int, block: PersonsBlock | None) -> tuple[str, int]:
        if block is None:
            return "", 0
        key = block_id(block.stream, block.upload_id, number, uuid4().hex)
        return key, await self._blocks.write(self._partition, key, encode_block(self._codec, block))

    async def _send(self, command: AddRecords, before: asyncio.Task[Answer] | None) -> Answer:
        """A chunk that overtook the one before it (its append was repeated) is sent again after it."""
        command_id = f"{self._upload.upload_id}/{command.chunk}"
        try:
            return await self._ask(command, command_id)
        except CommandRejected as rejection:
            if before is None or rejection.answer.code != "chunk-out-of-order":
                raise
        await before
        return await self._ask(command, command_id)

    async def _ask(self, command: Command, command_id: str) -> Answer:
        request = Request(self._upload.campaign, command, command_id, self._upload.actor, ttl_s=0)
        for _ in range(REPEATS):
            try:
                answer = await self._sender.send(request, CHUNK_TIMEOUT_S)
            except OutcomeUnknown:
                continue
            if not answer.accepted:
                raise CommandRejected(answer)
            return answer
        raise OutcomeUnknown(command_id)


def records_block(upload: Upload, rows: Sequence[ValidRow], random: Callable[[int], bytes]) -> PersonsBlock:
    """The personal part of a chunk's rows, in columns, with a fresh salt each."""
    return PersonsBlock(
        stream=upload.campaign,
        upload_id=upload.upload_id,
        kind="records",
        block_row=range(len(rows)),
        salt=_salts(len(rows), random),
        phone=[row.phone for row in rows],
        name=[row.name for row in rows],
        columns=list(upload.extra_columns),
        extra=[[row.extra[at] for row in rows] for at in range(len(upload.extra_columns))],
    )


def rejected_block(
    upload: Upload, rows: Sequence[InvalidRow], random: Callable[[int], bytes]
) -> PersonsBlock:
    """Rejected rows as they came, so that they can be corrected and sent again; erasable like any other."""
    return PersonsBlock(
        stream=upload.campaign,
        upload_id=upload.upload_id,
        kind="rejected",
        block_row=range(len(rows)),
        salt=_salts(len(rows), random),
        columns=list(upload.columns),
        cells=[list(row.cells) for row in rows],
    )


def _salts(count: int, random: Callable[[int], bytes]) -> list[bytes]:
    drawn = random(SALT_LENGTH * count)
    return [drawn[at : at + SALT_LENGTH] for at in range(0, len(drawn), SALT_LENGTH)]
