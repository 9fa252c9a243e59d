"""Clients of platform services at work: each campaign goes its seeded way, asks, is told, asks again."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from outdial.campaign.commands import Command
from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.client.sender import CommandSender
from outdial.eventlog.appender import Appender
from outdial.eventlog.blocks import BlockWriter
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import AppendUnknown, LogUnavailable
from outdial.messages.persons import PersonsBlock, block_id, encode_block
from tests.faults.deployment import PARTITIONS
from tests.faults.ledger import Ledger, partition
from tests.kit.until import until

ACTOR: Final = "faults"
PATIENCE_S: Final = 2.0  # then the same id is sent again
PAUSE_S: Final = 0.1
REMEMBERED: Final = 60  # commands that are asked again after a crash
DOUBLE_PATIENCE_S: Final = 10.0
DOUBLED: Final = 0.1  # share of commands that an impatient client sends twice at once
QUIET_TIMEOUT_S: Final = 45.0


class Load:
    """`async with Load(kafka, seed) as load:`; campaigns begin with `run`, rest between `rest` and `go_on`."""

    def __init__(self, kafka: KafkaConfig, seed: int) -> None:
        self.kafka, self.random = kafka, random.Random(seed)
        self.ledger = Ledger()
        self.sender = CommandSender(kafka, PARTITIONS, "faults/load")
        self.appender = Appender(kafka)
        self.blocks = BlockWriter(self.appender, "outdial.persons")
        self.broken: list[BaseException] = []
        self._answered: deque[tuple[str, Command, str]] = deque(maxlen=REMEMBERED)
        self._tasks: set[asyncio.Task[object]] = set()
        self._going = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.sender.start()
        await self.appender.start()
        self._going.set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sender.stop()
        await self.appender.stop()

    def keep(self, task: asyncio.Task[object]) -> None:
        """Hold a task of the load until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken.append(error)

    async def ready(self) -> None:
        """Campaigns wait here between two commands while the load rests."""
        await self._going.wait()

    async def rest(self, timeout_s: float) -> list[str]:
        """Ask nothing new, wait for what is asked; findings are commands that are never answered."""
        self._going.clear()
        try:
            await until(lambda: not self.ledger.open, "every command is answered", timeout_s)
        except TimeoutError:
            return [f"command {key} is never answered" for key in self.ledger.open]
        return [f"the load broke: {error!r}" for error in self.broken]

    def go_on(self) -> None:
        """Ask on."""
        self._going.set()

    async def ask(self, stream: str, command: Command, command_id: str, **said: int | bool | None) -> Answer:
        """Send under one id until it is answered; some commands twice at once, as impatient clients do."""
        request = Request(stream, command, command_id, ACTOR, ttl_s=0, **said)  # type: ignore[arg-type]
        self.ledger.open[stream, command_id] = time.monotonic()
        if self.random.random() < DOUBLED:
            self.ledger.doubles += 1
            self.keep(asyncio.create_task(self._once(request, self.ledger.doubles)))
        while True:
            try:
                answer = await self.sender.send(request, PATIENCE_S)
            except (OutcomeUnknown, LogUnavailable, AppendUnknown):
                self.ledger.repeats += 1
                await asyncio.sleep(PAUSE_S)
                continue
            self.ledger.hear(answer)
            self.ledger.open.pop((stream, command_id), None)
            if not said:
                self._answered.append((stream, command, command_id))
            return answer

    async def ask_again(self) -> None:
        """What was answered last once more, under the same ids and at once: the answers have to be the same."""
        await asyncio.gather(*(self.ask(*asked) for asked in list(self._answered)))

    async def write(self, stream: str, block: PersonsBlock) -> tuple[str, int]:
        """Write a block of personal data; its id and offset. One that is written twice is an orphan."""
        value = encode_block(self.sender.codec, block)
        while True:
            key = block_id(stream, block.upload_id, 0, f"{self.random.getrandbits(64):x}")
            try:
                return key, await self.blocks.write(partition(stream), key, value)
            except (LogUnavailable, AppendUnknown):
                await asyncio.sleep(PAUSE_S)

    async def _once(self, request: Request, number: int) -> None:
        key = (request.stream, f"{request.command_id} again {number}")
        self.ledger.open[key] = time.monotonic()
        try:
            self.ledger.hear(await self.sender.send(request, DOUBLE_PATIENCE_S))
        except (OutcomeUnknown, LogUnavailable, AppendUnknown):
            self.ledger.repeats += 1  # its first sending is repeated until it is answered
        finally:
            self.ledger.open.pop(key, None)


def stream_names(per_partition: int, seed: int) -> list[str]:
    """Campaign names that spread evenly: so many on each partition."""
    return list(_fill(per_partition, lambda number: f"spring-{seed}-{number}"))


def _fill(per_partition: int, name: Callable[[int], str]) -> list[str]:
    found: dict[int, list[str]] = {number: [] for number in range(PARTITIONS)}
    number = 0
    while any(len(names) < per_partition for names in found.values()):
        stream, number = name(number), number + 1
        if len(found[partition(stream)]) < per_partition:
            found[partition(stream)].append(stream)
    return [stream for names in found.values() for stream in names]
