"""Puts numbers on a do-not-call list: each chunk's numbers go into a block first, then a command names it.

At most four commands are unanswered, so that a Stop on the same partition never waits behind a register.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import uuid4

from outdial.client.requests import Answer, CommandRejected, OutcomeUnknown, Request
from outdial.donotcall.commands import AddToDoNotCall
from outdial.donotcall.lists import stream_of
from outdial.messages.codec import Codec
from outdial.messages.commitment import SALT_LENGTH
from outdial.messages.partition import partition_of
from outdial.messages.persons import PersonsBlock, block_id, encode_block

CHUNK: Final = 500
MAX_UNANSWERED: Final = 4
ANSWER_TIMEOUT_S: Final = 10.0
REPEATS: Final = 30  # the same id is safe to send again


class Sends(Protocol):
    """Carries commands and blocks into the log; raises LogUnavailable, OutcomeUnknown, AppendUnknown."""

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        """See CommandSender.send."""

    async def write(self, partition: int, key: str, value: bytes) -> int:
        """See BlockWriter.write."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which list, on whose behalf, and from where; `attempt_id` is the call in which it was asked for."""

    list_id: str
    actor: str
    source: str = ""
    attempt_id: str = ""


@dataclass(slots=True)
class Added:
    """What became of the numbers so far; `sequence` is where the list stood after the last of them."""

    added: int = 0
    duplicate: int = 0
    sequence: int = 0


class ListSession:
    """One addition of any length. The order of its chunks does not matter: every number counts for itself."""

    def __init__(self, log: Sends, codec: Codec, partitions: int, wish: Wish) -> None:
        self._log, self._codec, self._wish = log, codec, wish
        self._stream = stream_of(wish.list_id)
        self._partition = partition_of(self._stream.encode(), partitions)
        self._id = uuid4().hex
        self._waiting: set[asyncio.Task[None]] = set()
        self._chunks = 0
        self.done = Added()

    async def add(self, phones: Sequence[str]) -> None:
        """Send E.164 numbers on their way. Raises CommandRejected, LogUnavailable, OutcomeUnknown."""
        for at in range(0, len(phones), CHUNK):
            await self._wait_for(MAX_UNANSWERED - 1)
            self._waiting.add(asyncio.create_task(self._carry(phones[at : at + CHUNK], self._chunks)))
            self._chunks += 1

    async def finish(self) -> Added:
        """Wait until everything is in the log; raises as `add`. What is there already is safe to send again."""
        await self._wait_for(0)
        return self.done

    async def close(self) -> None:
        """Forget what is unanswered."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _wait_for(self, most: int) -> None:
        while len(self._waiting) > most:
            done, self._waiting = await asyncio.wait(self._waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _carry(self, phones: Sequence[str], chunk: int) -> None:
        block = numbers_block(self._stream, self._id, phones)
        key = block_id(self._stream, self._id, chunk, secrets.token_hex(16))
        offset = await self._log.write(self._partition, key, encode_block(self._codec, block))
        command = AddToDoNotCall(
            key, offset, block.block_row, block.commitments(), self._wish.attempt_id, self._wish.source
        )
        request = Request(self._stream, command, f"{self._id}/{chunk}", self._wish.actor, ttl_s=0)
        answer = await self._ask(request)
        self.done.added += answer.details["added"]
        self.done.duplicate += answer.details["duplicate"]
        self.done.sequence = max(self.done.sequence, answer.last_sequence)

    async def _ask(self, request: Request) -> Answer:
        for _ in range(REPEATS):
            try:
                answer = await self._log.send(request, ANSWER_TIMEOUT_S)
            except OutcomeUnknown:
                continue
            if not answer.accepted:
                raise CommandRejected(answer)
            return answer
        raise OutcomeUnknown(request.command_id)


def numbers_block(stream: str, upload_id: str, phones: Sequence[str]) -> PersonsBlock:
    """The numbers as an erasable block, with a fresh salt each."""
    return PersonsBlock(
        stream=stream,
        upload_id=upload_id,
        kind="records",
        block_row=range(len(phones)),
        salt=[secrets.token_bytes(SALT_LENGTH) for _ in phones],
        phone=list(phones),
        name=[""] * len(phones),
    )
