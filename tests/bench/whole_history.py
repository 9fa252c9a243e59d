"""Campaigns as people leave them in the log: uploaded with real blocks, dialled once, stopped."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from outdial.campaign import commands as c
from outdial.eventlog.ports import Message
from outdial.messages.partition import partition_of
from outdial.messages.persons import PersonsBlock, block_id, encode_block
from tests.bench.histories import ROWS
from tests.bench.logs import AHEAD_US, CODEC, command
from tests.kit.campaign import Campaign, begin, chunk, settings

UPLOAD = "u1"


@dataclass(slots=True)
class History:
    """Messages for each partition. A block's offset is its place in the list: append them to empty topics."""

    partitions: int
    now_us: int
    blocks: dict[int, list[Message]] = field(default_factory=dict)
    commands: dict[int, list[Message]] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random(1))

    def add(self, campaign: str, records: int, *, is_dialled: bool) -> None:
        """One campaign of so many records."""
        part = partition_of(campaign.encode(), self.partitions)
        told = self.commands.setdefault(part, [])
        for number, what in enumerate(self._life(campaign, part, records, is_dialled=is_dialled)):
            told.append(command(campaign, what, number, self.now_us))

    def _life(self, campaign: str, part: int, records: int, *, is_dialled: bool) -> Iterator[c.Command]:
        chunks = -(-records // ROWS)
        first: list[c.Command] = [c.CreateCampaign(settings()), begin(UPLOAD)]
        first += [
            self._chunk(campaign, part, number, min(ROWS, records - number * ROWS))
            for number in range(chunks)
        ]
        first += [c.CommitUpload(UPLOAD, chunks, records), c.StartCampaign()]
        yield from first
        if is_dialled:
            yield from _attempts(campaign, first, range(1, records + 1), self.now_us)
        yield c.StopCampaign()

    def _chunk(self, campaign: str, part: int, number: int, count: int) -> c.AddRecords:
        first = number * ROWS
        block = PersonsBlock(
            stream=campaign,
            upload_id=UPLOAD,
            kind="records",
            block_row=range(count),
            salt=[self._random.randbytes(16) for _ in range(count)],
            phone=[f"+91{9_000_000_000 + row}" for row in range(first, first + count)],
            name=[f"Customer {row}" for row in range(first, first + count)],
        )
        blocks = self.blocks.setdefault(part, [])
        key = block_id(campaign, UPLOAD, number, "x")
        blocks.append(Message(key.encode(), encode_block(CODEC, block)))
        return chunk(
            UPLOAD,
            number,
            count,
            first + 2,
            block_id=key,
            block_offset=len(blocks) - 1,
            commitment=block.commitments(),
        )


def _attempts(campaign: str, first: Iterable[c.Command], records: range, now_us: int) -> Iterator[c.Command]:
    """The claim and the end of one attempt of each record, 500 at a time."""
    twin = Campaign(campaign)
    twin.now_us = now_us + AHEAD_US
    for one in first:
        twin.accept(one)
    for at in range(0, len(records), ROWS):
        batch = records[at : at + ROWS]
        for made in (twin.claim_of, partial(twin.end_of, "NoAnswer")):
            what = made(*batch)
            twin.accept(what)
            yield what
