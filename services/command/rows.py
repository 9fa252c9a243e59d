"""What the writer knows of the people in an upload chunk: checked commitments, keyed phone hashes."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from outdial.campaign import record_sets
from outdial.campaign.commands import AddRecords
from outdial.campaign.decision import Rejection
from outdial.campaign.events import CommandUndone, RecordsAdded, RecordsDeleted
from outdial.campaign.phones import PhoneIndex
from outdial.client.registry import SchemaTopic
from outdial.donotcall.commands import AddToDoNotCall
from outdial.donotcall.events import NumbersAdded, NumbersRemoved
from outdial.eventlog.blocks import BlockReader
from outdial.messages.codec import Codec, Undecodable
from outdial.messages.persons import PersonsBlock, decode_block
from services.command.streams import Stream

BLOCK_TIMEOUT_S: Final = 5.0
HASH_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Rows:
    """The phone hashes of a chunk in the order of its rows, or why the chunk cannot be trusted."""

    hashes: Sequence[int] = ()
    problem: Rejection | None = None


class RowReader:
    """Reads blocks for the decider; `phone_key` is the deployment's secret for the duplicate index."""

    def __init__(self, codec: Codec, blocks: BlockReader, schemas: SchemaTopic, phone_key: bytes) -> None:
        self._codec, self._blocks, self._schemas, self._key = codec, blocks, schemas, phone_key
        self._keyed = hmac.new(phone_key, digestmod="sha256")

    @property
    def key_mark(self) -> str:
        """Names the key without telling it: hashes of another key are worth nothing."""
        return hmac.digest(self._key, b"outdial-phone-key", "sha256")[:HASH_BYTES].hex()

    async def learn_schemas(self, codec: Codec) -> None:
        """Read what was published since; the message that asked for it is decoded again afterwards."""
        await self._schemas.learn(codec)

    async def read(self, command: AddRecords | AddToDoNotCall, partition: int) -> Rows:
        """Hash the phones of a chunk after checking that the block is the one the chunk commits to."""
        rows = command.row if isinstance(command, AddRecords) else command.block_row
        if not rows:
            return Rows()
        try:
            block = await self.block(command.block_id, command.block_offset, partition)
        except TimeoutError:
            block = None
        if block is None:
            return Rows(
                problem=Rejection("command-malformed", {"block": command.block_id, "why": "not found"})
            )
        if len(rows) != len(block.phone) or list(command.commitment) != block.commitments():
            return Rows(problem=Rejection("command-malformed", {"block": command.block_id, "why": "differs"}))
        return Rows([self.phone_hash(phone) for phone in block.phone])

    async def load_index(self, stream: Stream, partition: int) -> None:
        """Build the phone index of a campaign or list from the blocks that its state refers to, once."""
        if stream.phones is not None:
            return
        index = PhoneIndex()
        for chunk in list(stream.state.chunks):
            block = await self.block(chunk.block_id, chunk.block_offset, partition)
            if block is None:
                continue  # erased: its records are deleted, its entries removed
            for place, row in enumerate(chunk.block_rows):
                at = block.place(row)
                if at is not None and stream.state.is_present(chunk.first_record + place):
                    index.add(self.phone_hash(block.phone[at]), chunk.first_record + place)
        stream.phones = index

    def index(self, stream: Stream, events: Sequence[Any], rows: Rows) -> None:
        """Keep the index in step with what was decided."""
        for event in events:
            if stream.phones is None:
                return
            if isinstance(event, RecordsAdded):
                places = event.block_row or range(len(event.row))
                stream.phones.add_all((rows.hashes[place] for place in places), event.first_record)
            elif isinstance(event, NumbersAdded):
                stream.phones.add_all((rows.hashes[place] for place in event.block_row), event.first_entry)
            elif isinstance(event, RecordsDeleted):
                stream.phones.remove(record_sets.from_bytes(event.records))
            elif isinstance(event, NumbersRemoved):
                stream.phones.remove(record_sets.from_bytes(event.entries))
            elif isinstance(event, CommandUndone):
                stream.phones = None  # no upload is open now; the next one reads it again

    def phone_hash(self, phone: str) -> int:
        """64 bits of HMAC-SHA-256: tells equal numbers, tells nobody without the key which."""
        begun = self._keyed.copy()  # the key is worked in once, not for every number
        begun.update(phone.encode())
        return int.from_bytes(begun.digest()[:HASH_BYTES], "big")

    def living(self, partition: int, before_us: int) -> list[str]:
        """Ids of blocks that were written before an instant and not tombstoned since."""
        return self._blocks.living(partition, before_us)

    def replaced(self, partition: int) -> list[str]:
        """Ids of blocks that were rewritten or tombstoned, and whose older versions may still be readable."""
        return self._blocks.replaced(partition)

    async def is_only_newest(self, block_id: str) -> bool:
        """Whether no older version of a block can be read any more."""
        return await self._blocks.is_only_newest(block_id)

    async def block(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        """One block; None when it was erased, never written or is damaged. Raises TimeoutError."""
        value = await self._blocks.get(block_id, partition, offset, BLOCK_TIMEOUT_S)
        try:
            return None if value is None else decode_block(self._codec, value)
        except Undecodable:
            return None
