"""What an agent wrote is personal data: it goes into an erasable block, and the command names the block."""

import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import Annotated, Final, Protocol

from fastapi import Depends, Request

from outdial.messages.codec import Codec
from outdial.messages.commitment import SALT_LENGTH
from outdial.messages.partition import partition_of
from outdial.messages.persons import PersonsBlock, block_id, encode_block

KEPT: Final = 1_000


class Blocks(Protocol):
    """Writes blocks (outdial.eventlog.blocks.BlockWriter)."""

    async def write(self, partition: int, key: str, value: bytes) -> int:
        """Append one block; its offset. Raises LogUnavailable, AppendUnknown."""
        ...


class Comments:
    """Writes comments as blocks of the campaign's partition.

    A repeated request names the block of the first, else it would be another request under the same key.
    """

    def __init__(self, blocks: Blocks, codec: Codec, partitions: int) -> None:
        self._blocks, self._codec, self._partitions = blocks, codec, partitions
        self._written: OrderedDict[bytes, tuple[str, int]] = OrderedDict()

    async def write(self, campaign: str, command_id: str, comment: str | None) -> tuple[str, int]:
        """Write a comment; its block's id and offset, empty without a comment."""
        if not comment:
            return "", 0
        same = sha256(f"{campaign}\0{command_id}\0{comment}".encode()).digest()
        if same not in self._written:
            self._written[same] = await self._write(campaign, comment)
            if len(self._written) > KEPT:
                self._written.popitem(last=False)
        return self._written[same]

    async def _write(self, campaign: str, comment: str) -> tuple[str, int]:
        block = PersonsBlock(
            stream=campaign,
            upload_id="",
            kind="comment",
            block_row=[0],
            salt=[secrets.token_bytes(SALT_LENGTH)],
            cells=[[comment]],
        )
        key = block_id(campaign, "comment", 0, secrets.token_hex(16))
        partition = partition_of(campaign.encode(), self._partitions)
        return key, await self._blocks.write(partition, key, encode_block(self._codec, block))


def comments_of(request: Request) -> Comments:
    """The comments of this app."""
    comments: Comments = request.app.state.comments
    return comments


CommentsOf = Annotated[Comments, Depends(comments_of)]
