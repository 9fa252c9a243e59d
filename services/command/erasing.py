"""Takes deleted people out of their blocks, and tells when their bytes are gone from the log.

Computed from the fold, appended by the partition's fenced producer. Nothing here is kept: after a restart it goes on
where blocks still hold a row that is to go.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from outdial.campaign.commands import ConfirmErasure
from outdial.campaign.erasure import (
    BlockErasure,
    blocks_of,
    pending,
    referenced_blocks,
    refused_before,
    with_duplicates,
)
from outdial.campaign.state import ChunkRef, Erasure
from outdial.eventlog.ports import Message
from outdial.messages.codec import Codec
from outdial.messages.persons import PersonsBlock, encode_block, without_rows
from services.command.rows import RowReader
from services.command.streams import Stream, Streams

BLOCKS_AT_ONCE: Final = 50
HOLDER: Final = "log"
# The segment that is written to is never compacted: while something is to go, appends make it roll.
HEARTBEAT: Final = Message(b"heartbeat", None)
LOOK_EVERY_US: Final = 5_000_000
SWEEP_EVERY_US: Final = 60_000_000
HOUR_US: Final = 3_600_000_000

Place = BlockErasure | ChunkRef  # rows that are known, or duplicates that are looked for


@dataclass(frozen=True, slots=True)
class Spans:
    """`margin_us`: how long the broker keeps a compacted file before it removes it. `unreferenced_us`: how old a block
    is that nobody refers to when it goes; an uploader that was that slow has been abandoned before. `refused_us`: how
    long people can correct the rows that an upload refused."""

    margin_us: int = 0
    unreferenced_us: int = HOUR_US
    refused_us: int = 30 * 24 * HOUR_US


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure whose rows nobody can read from the log any more."""

    stream: str
    erasure_id: str

    @property
    def command(self) -> ConfirmErasure:
        """What tells the stream's history."""
        return ConfirmErasure(self.erasure_id, HOLDER)

    @property
    def command_id(self) -> str:
        """The same for every attempt to tell it."""
        return f"{self.erasure_id}/{HOLDER}"


@dataclass(slots=True)
class _Job:
    """One erasure: first every place is rewritten, then each is looked at until it is compacted."""

    stream: Stream
    erasure: Erasure
    to_rewrite: deque[Place]
    to_check: deque[Place]
    compacted_us: int | None = None

    @classmethod
    def of(cls, stream: Stream, erasure: Erasure) -> "_Job":
        """All places that may hold somebody who is to go."""
        places: list[Place] = [
            *blocks_of(stream.state, erasure.records),
            *refused_before(stream.state, erasure.decided_us),
            *with_duplicates(stream.state),
        ]
        return cls(stream, erasure, deque(places), deque(places))


class Erasing:
    """One partition's work, a few blocks at a time: commands wait for no more than that."""

    def __init__(self, partition: int, codec: Codec, streams: Streams, rows: RowReader, spans: Spans) -> None:
        self._partition, self._codec, self._streams, self._rows = partition, codec, streams, rows
        self._spans = spans
        self._jobs: dict[tuple[str, str], _Job] = {}
        self._look_us = self._sweep_us = self._heard_us = 0

    def heard(self, command_us: int) -> None:
        """A command that was appended at this instant is decided: later ones may name blocks that wait for them."""
        self._heard_us = command_us

    async def rewrites(self, now_us: int) -> Sequence[Message]:
        """Blocks without the rows that are to go; and what keeps compaction going."""
        messages: list[Message] = []
        if now_us >= self._look_us:
            self._look_us = now_us + LOOK_EVERY_US
            self._jobs = {
                key: self._jobs.get(key) or _Job.of(*pending) for key, pending in self._pending(now_us)
            }
            messages += [HEARTBEAT] if self._jobs or await self._is_uncompacted() else []
        if job := next((job for job in self._jobs.values() if job.to_rewrite), None):
            for _ in range(min(BLOCKS_AT_ONCE, len(job.to_rewrite))):
                if message := await self._rewrite(job.stream, job.to_rewrite.popleft()):
                    messages.append(message)
        return messages + self._swept(now_us)

    async def erased(self, now_us: int) -> Sequence[Erased]:
        """Erasures whose older blocks were compacted away and whose files are removed."""
        waiting = (job for job in self._jobs.values() if not job.to_rewrite and job.compacted_us is None)
        if job := next(waiting, None):
            await self._check(job)
            if not job.to_check:
                job.compacted_us = now_us
        done = [
            key
            for key, job in self._jobs.items()
            if job.compacted_us is not None and now_us >= job.compacted_us + self._spans.margin_us
        ]
        for key in done:  # found again at the next look, should the history not say so by then
            del self._jobs[key]
        return [Erased(*key) for key in done]

    def _pending(self, now_us: int) -> Iterator[tuple[tuple[str, str], tuple[Stream, Erasure]]]:
        for stream in self._streams:
            for erasure in () if stream.parked else pending(stream.state, now_us, HOLDER):
                yield (stream.id, erasure.erasure_id), (stream, erasure)

    async def _check(self, job: _Job) -> None:
        """Take off the list what is rewritten and compacted, up to the first that is not."""
        for _ in range(min(BLOCKS_AT_ONCE, len(job.to_check))):
            place = job.to_check[0]
            if await self._rewrite(job.stream, place) or not await self._rows.is_only_newest(place.block_id):
                return
            job.to_check.popleft()

    async def _rewrite(self, stream: Stream, one: Place) -> Message | None:
        block = await self._rows.block(one.block_id, one.block_offset, self._partition)
        if block is None:
            return None
        if isinstance(one, ChunkRef):
            rows = await self._left_alone(stream, one, block)
        else:
            rows = frozenset(block.block_row) if one.rows is None else one.rows
        if rows.isdisjoint(block.block_row):
            return None
        left = without_rows(block, rows)
        key = one.block_id.encode()
        return Message(key, None if left is None else encode_block(self._codec, left))

    async def _left_alone(self, stream: Stream, chunk: ChunkRef, block: PersonsBlock) -> frozenset[int]:
        """Rows that were duplicates of a record that is there no more: they are the same person."""
        await self._rows.load_index(stream, self._partition)
        phones = stream.phones
        return frozenset(
            row
            for row, phone in zip(block.block_row, block.phone, strict=True)
            if row not in chunk.block_rows
            and phones is not None
            and self._rows.phone_hash(phone) not in phones
        )

    async def _is_uncompacted(self) -> bool:
        """Whether older versions of blocks can still be read, whoever replaced them."""
        for key in self._rows.replaced(self._partition)[:BLOCKS_AT_ONCE]:
            if not await self._rows.is_only_newest(key):
                return True
        return False

    def _swept(self, now_us: int) -> list[Message]:
        """From time to time; not at once after an opening, when commands may wait that nobody has seen."""
        if now_us < self._sweep_us:
            return []
        is_first, every_us = not self._sweep_us, min(SWEEP_EVERY_US, self._spans.unreferenced_us)
        self._sweep_us = now_us + every_us
        return [] if is_first else self._unreferenced(now_us)

    def _unreferenced(self, now_us: int) -> list[Message]:
        """Tombstones for old blocks that no stream refers to: of dead uploaders, rejected or abandoned uploads."""
        decided_us = min(now_us, self._heard_us or now_us)
        old = self._rows.living(self._partition, decided_us - self._spans.unreferenced_us)
        if not old or any(stream.parked for stream in self._streams):
            return []  # what a parked stream refers to is not known
        since_us = now_us - self._spans.refused_us
        referenced = {
            block for stream in self._streams for block in referenced_blocks(stream.state, since_us)
        }
        return [Message(key.encode(), None) for key in old if key not in referenced][:BLOCKS_AT_ONCE]
