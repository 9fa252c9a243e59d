"""Where the personal data of a stream stands: which rows of which blocks an erasure must take out."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyroaring import BitMap

from outdial.campaign.rules.records import WITHDRAWN
from outdial.campaign.state import BlockRef, ChunkRef, Erasure, Upload


class HoldsPersons(Protocol):
    """A stream's state that refers to personal data: a campaign's, or a do-not-call list's."""

    @property
    def chunks(self) -> Sequence[ChunkRef]:
        """Where the rows of its records or entries stand, in their order."""

    @property
    def further_blocks(self) -> Sequence[BlockRef]:
        """Other blocks of its own."""

    @property
    def uploads(self) -> Mapping[str, Upload]:
        """What further blocks of refused rows belong to."""

    @property
    def erasures(self) -> Mapping[str, Erasure]:
        """What is to go."""

    def is_present(self, record: int) -> bool:
        """Whether a record or entry is there."""


@dataclass(frozen=True, slots=True)
class BlockErasure:
    """Rows to take out of one block of personal data; `rows` None = the whole block."""

    block_id: str
    block_offset: int
    rows: frozenset[int] | None


def pending(state: HoldsPersons, now_us: int, holder: str) -> list[Erasure]:
    """Erasures whose grace is over and which the holder has not confirmed yet, oldest first."""
    return [
        erasure
        for erasure in state.erasures.values()
        if erasure.due_us <= now_us and holder not in erasure.confirmed
    ]


def blocks_of(state: HoldsPersons, records: BitMap) -> list[BlockErasure]:
    """Every block that holds personal data of the records, with the rows that are theirs."""
    starts = [chunk.first_record for chunk in state.chunks]
    rows: defaultdict[int, set[int]] = defaultdict(set)
    for record in records:
        place = bisect_right(starts, record) - 1
        if place >= 0 and record - starts[place] < len(state.chunks[place].block_rows):
            rows[place].add(state.chunks[place].block_rows[record - starts[place]])
    found = [
        BlockErasure(state.chunks[place].block_id, state.chunks[place].block_offset, frozenset(taken))
        for place, taken in rows.items()
    ]
    comments = [ref for ref in state.further_blocks if ref.record and ref.record in records]
    return found + [BlockErasure(ref.block_id, ref.block_offset, None) for ref in comments]


def refused_before(state: HoldsPersons, time_us: int) -> list[BlockErasure]:
    """Blocks of rows that uploads up to an instant refused.

    A delete takes them too: what could not be read as a number cannot be proven to be somebody else.
    """
    old = {upload.upload_id for upload in state.uploads.values() if upload.begun_us <= time_us}
    refused = [ref for ref in state.further_blocks if not ref.record and ref.upload_id in old]
    return [BlockErasure(ref.block_id, ref.block_offset, None) for ref in refused]


def with_duplicates(state: HoldsPersons) -> list[ChunkRef]:
    """Chunks whose block holds rows that became no record: somebody who is in another row too."""
    return [chunk for chunk in state.chunks if chunk.block_size > len(chunk.block_rows)]


def referenced_blocks(state: HoldsPersons, refused_since_us: int = 0) -> Iterator[str]:
    """Ids of all blocks that the stream still needs; whatever else is old enough may be swept.

    `refused_since_us`: rows that uploads refused are kept for people to correct them, if the upload ended since.
    """
    for chunk in state.chunks:
        yield chunk.block_id
    erasing = BitMap.union(BitMap(), *(erasure.records for erasure in state.erasures.values()))
    for ref in state.further_blocks:
        is_needed = (
            _has_record(state, ref, erasing) if ref.record else _is_wanted(state, ref, refused_since_us)
        )
        if is_needed:
            yield ref.block_id


def _has_record(state: HoldsPersons, ref: BlockRef, erasing: BitMap) -> bool:
    """Whether the record of a comment is there, or is on its way out with all that is its."""
    return state.is_present(ref.record) or ref.record in erasing


def _is_wanted(state: HoldsPersons, ref: BlockRef, since_us: int) -> bool:
    """Whether somebody may still ask for refused rows: the upload was not given up, and has not ended long ago."""
    upload = state.uploads[ref.upload_id]
    is_given_up = upload.state == "abandoned" or upload.code == WITHDRAWN
    return upload.is_open or not (is_given_up or upload.touched_us < since_us)
