"""One campaign's seeded way through its life: uploads, positions, claims and outcomes, refusals, repetitions."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from outdial.campaign import commands as c
from outdial.campaign.defaults import default_settings
from outdial.campaign.filter import Filter
from outdial.client.requests import Answer
from outdial.client.upload import Upload, records_block
from outdial.files.upload import ValidRow
from tests.faults.load import ACTOR, Load

EPOCH: Final = 1  # of the dialer that the campaign plays
PACE_S: Final = 0.015
FIRST_ROWS: Final = 30
MORE_ROWS: Final = 5
OUTCOMES: Final = ("Busy", "NoAnswer", "Answered", "Unreachable")
FACTS: Final = (c.ClaimAttempts, c.EndAttempts, c.AddRecords)
Step = Callable[[], Awaitable[object]]


class Walk:
    """`run` goes on for ever. Knows only what it was told; what is refused is part of the way."""

    def __init__(self, load: Load, stream: str, seed: int) -> None:
        self._load, self.stream = load, stream
        self._random = random.Random(f"{stream}/{seed}")
        self._asked = 0
        self._records = 0
        self._claims: dict[int, int] = {}
        self._pass: dict[int, int] = {}
        self._open: set[int] = set()
        self._before: tuple[str, c.Command] = ("", c.StopCampaign())
        self._remembered: tuple[str, c.Command] = ("", c.StopCampaign())
        steps: dict[Step, int] = {
            self._claim: 30,
            self._end: 30,
            self._dispose: 8,
            self._change: 10,
            self._again: 8,
            self._other: 3,
            self._condition: 4,
            self._start: 8,
            self._stop: 4,
            self._reset: 4,
            self._count: 3,
            self._force: 1,
            self._undo: 1,
            self._upload: 2,
        }
        self._steps, self._weights = list(steps), list(steps.values())
        self.began = asyncio.Event()

    async def run(self) -> None:
        """Create, upload, start; then whatever comes."""
        settings = default_settings(name=self.stream, region="GB", time_zone="Europe/London", retry=())
        await self._ask(c.CreateCampaign(settings))
        await self._add(FIRST_ROWS)
        await self._start()
        self.began.set()
        while True:
            await self._load.ready()
            (step,) = self._random.choices(self._steps, self._weights)
            await step()
            await asyncio.sleep(PACE_S)

    async def _ask(self, command: c.Command, **said: int | bool | None) -> Answer:
        self._asked += 1
        command_id = f"{self.stream}/{self._asked}"
        self._before = (command_id, command)
        if not isinstance(command, FACTS) and not said.get("dry_run"):
            self._remembered = (command_id, command)
        return await self._load.ask(self.stream, command, command_id, **said)

    async def _claim(self) -> None:
        record = self._random.randint(1, max(1, self._records))
        attempt = self._claims.get(record, 0) + 1
        answer = await self._ask(
            c.ClaimAttempts(
                dialer_epoch=EPOCH,
                originate_before_us=time.time_ns() // 1000 + 60_000_000,
                caller_id="+442079460000",
                tzdata_version="2026a",
                window_applied="09:00-21:00",
                do_not_call_version=0,
                mode="progressive",
                pacing_rule="1",
                record=[record],
                attempt=[attempt],
                pass_number=[self._pass.get(record, 1)],
                zone=["Europe/London"],
                zone_source=["number"],
            )
        )
        if answer.accepted:
            self._claims[record] = attempt
            self._open.add(record)
        elif "other-pass" in str(answer.details):
            self._pass[record] = self._pass.get(record, 1) + 1

    async def _end(self) -> None:
        if not self._open:
            return await self._claim()
        record = self._open.pop()
        attempt, outcome = self._claims[record], self._random.choice(OUTCOMES)
        passed = self._pass.get(record, 1)
        await self._ask(c.EndAttempts(EPOCH, [record], [attempt], [passed], [outcome]))
        return None

    async def _dispose(self) -> None:
        if self._claims:
            record = self._random.choice(sorted(self._claims))
            await self._ask(c.RecordDisposition(record, self._claims[record], "Interested", "agent-1"))

    async def _change(self) -> None:
        await self._ask(c.ChangeSettings(name=f"{self.stream} {self._asked}"))

    async def _again(self) -> None:
        """The former command once more under its id."""
        command_id, command = self._before
        await self._load.ask(self.stream, command, command_id)

    async def _other(self) -> None:
        """Another command under an id that is taken; facts do not take theirs, they know their attempt."""
        command_id, _ = self._remembered
        await self._load.ask(self.stream, c.ChangeSettings(wrap_up_s=30 + self._asked), command_id)

    async def _condition(self) -> None:
        await self._ask(c.ChangeSettings(name="only if"), expected_version=self._random.randint(1, 20))

    async def _start(self) -> None:
        await self._ask(c.StartCampaign())

    async def _stop(self) -> None:
        await self._ask(c.StopCampaign())

    async def _reset(self) -> None:
        if (await self._ask(c.ResetCampaign((Filter(),)))).accepted:
            await self._start()

    async def _count(self) -> None:
        await self._ask(c.ResetCampaign((Filter(status=["Pending"]),)), dry_run=True)

    async def _force(self) -> None:
        command_id = (await self._ask(c.ForceComplete())).command_id
        if self._random.random() < 0.5:
            await self._ask(c.UndoCommand(command_id))
        await self._reset()

    async def _undo(self) -> None:
        await self._ask(c.UndoCommand(self._before[0]))

    async def _upload(self) -> None:
        """Add data where the position allows it; elsewhere the begin is refused."""
        await self._add(MORE_ROWS)

    async def _add(self, count: int) -> None:
        upload_id = f"u{self._asked}"
        begin = c.BeginUpload(upload_id, "people.xlsx", bytes(32), 1000, "allow", "accept-valid")
        if not (await self._ask(begin)).accepted:
            return
        rows = tuple(
            ValidRow(row, f"+4420{self._records + row:08d}", zone="Europe/London")
            for row in range(2, count + 2)
        )
        await self._ask(await self._chunk(upload_id, rows))
        self._records += (await self._ask(c.CommitUpload(upload_id, 1, count))).affected

    async def _chunk(self, upload_id: str, rows: Sequence[ValidRow]) -> c.AddRecords:
        """Write the block of the rows, which may have to be repeated as well, and the command that names it."""
        block = records_block(Upload(self.stream, upload_id, ACTOR), rows, self._random.randbytes)
        key, offset = await self._load.write(self.stream, block)
        return c.AddRecords(
            upload_id=upload_id,
            chunk=0,
            block_id=key,
            block_offset=offset,
            row=[row.row for row in rows],
            zone=[row.zone for row in rows],
            commitment=block.commitments(),
        )
