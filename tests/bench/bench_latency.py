"""A lone command through Kafka against the five bare requests that it needs; over HTTP alone and at half load."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

import aiokafka.producer.sender
import httpx

from outdial.campaign.commands import StartCampaign, StopCampaign
from outdial.client.registry import SchemaTopic
from outdial.client.requests import Request
from outdial.client.sender import CommandSender
from outdial.eventlog import topics
from outdial.eventlog.kafka import KafkaConfig
from tests.bench.bare import REQUESTS, bare_transactions
from tests.bench.installation import add_one, costs, create, installation
from tests.bench.logs import CODEC, append
from tests.bench.measuring import ROUNDS, Line, Place, Rounds, percentile
from tests.bench.whole_history import History
from tests.faults.instance import Instance
from tests.kit.stack import Stack

LAYOUT: Final = topics.Layout.named("local")
LONE: Final = "lone"
COMMANDS: Final = 100
TIMEOUT_S: Final = 60.0
LEVELS: Final = (1, 2, 4, 8, 16, 32, 64)
LEVEL_S: Final = 4.0
HALF_S: Final = 20.0


def run(place: Place) -> Sequence[Line]:
    """Rounds of lone commands and bare transactions; then an installation, alone and at half of its full load."""
    aiokafka.producer.sender.BACKOFF_OVERRIDE = 0.002  # as the writer sets it
    rounds = asyncio.run(_through_kafka(place))
    with installation() as stack:
        campaigns = [f"c{number}" for number in range(max(LEVELS))]
        for campaign in campaigns:
            create(stack, campaign)
            add_one(stack, campaign)
        before = costs(stack)
        told = asyncio.run(_over_http(stack, campaigns))
        used = {name: cost.cpu_s - before[name].cpu_s for name, cost in costs(stack).items()}
    each = ", ".join(f"{name} {rounds.median(name):.1f}" for name in REQUESTS)
    beside = f"{rounds.median('lone'):.1f} : {rounds.median('bare'):.1f} ms ({each})"
    half = f"a command over HTTP at half load ({told.half_per_s:.0f}/s, open loop), p99"
    return [
        Line(
            "a lone command to its five bare requests", rounds.ratio("lone", "bare"), "<= 2.5", beside=beside
        ),
        _percentiles("a lone command over HTTP, p50", told.alone_ms, 0.5, "<= 25"),
        Line("full load over HTTP", told.full_per_s, unit="commands/s", beside=", ".join(told.levels)),
        _percentiles(half, told.half_ms, 0.99, "<= 150"),
        _cpu(used, told.commands),
    ]


def _cpu(used_s: dict[str, float], commands: int) -> Line:
    """With what the parts use when nothing comes: few commands a second look dearer than many."""
    each = ", ".join(f"{name} {cpu_s / commands * 1000:.1f}" for name, cpu_s in used_s.items())
    return Line("CPU of a command over HTTP", sum(used_s.values()) / commands * 1000, unit="ms", beside=each)


def _percentiles(what: str, took_ms: Sequence[float], share: float, bound: str) -> Line:
    p50, p99 = (percentile(took_ms, at) for at in (0.5, 0.99))
    beside = f"p50 {p50:.1f}, p99 {p99:.1f}, n = {len(took_ms):,}"
    return Line(what, percentile(took_ms, share), bound, "ms", beside)


async def _through_kafka(place: Place) -> Rounds:
    kafka, rounds = KafkaConfig(place.bootstrap, prefix="lone-"), Rounds()
    async with _served(kafka, Path(place.folder)) as sender, bare_transactions(kafka) as bare:
        numbers = itertools.count()
        await _ask(sender, next(numbers), TIMEOUT_S)  # the service has opened its partition
        await bare.one()  # the broker has made what transactions need
        for _ in range(ROUNDS):
            rounds.add("lone", median([await _ask(sender, next(numbers)) for _ in range(COMMANDS)]))
            bare.took.clear()
            for _ in range(COMMANDS):
                await bare.one()
            for name in REQUESTS:
                rounds.add(name, median(bare.took[name]))
            rounds.add("bare", bare.sum_ms())
    return rounds


@asynccontextmanager
async def _served(kafka: KafkaConfig, folder: Path) -> AsyncIterator[CommandSender]:
    """A command service as a process of its own that knows one campaign, and a sender of commands."""
    await topics.apply(kafka, LAYOUT)
    await SchemaTopic(kafka).prepare(LAYOUT.partitions, CODEC)
    history = History(LAYOUT.partitions, time.time_ns() // 1000)
    history.add(LONE, 1, is_dialled=False)
    for kind, told in (("persons", history.blocks), ("commands", history.commands)):
        for part, messages in told.items():
            await append(kafka, f"outdial.{kind}", messages, partition=part)
    environ = {
        "OUTDIAL_KAFKA": kafka.bootstrap,
        "OUTDIAL_KAFKA_PREFIX": kafka.prefix,
        "OUTDIAL_LAYOUT": "local",
        "OUTDIAL_PHONE_KEY": "secret",
        "OUTDIAL_INSTANCE": LONE,
        "OUTDIAL_DATA": str(folder / LONE),
    }
    service = Instance("command", ["services.command"], folder / "lone.log", dict(os.environ) | environ)
    sender = CommandSender(kafka, LAYOUT.partitions, "bench")
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()
        await service.stop()


async def _ask(sender: CommandSender, number: int, timeout_s: float = 5.0) -> float:
    """Milliseconds from sending a Start or Stop to its answer."""
    command = StartCampaign() if number % 2 == 0 else StopCampaign()
    began = time.perf_counter()
    answer = await sender.send(Request(LONE, command, f"turn-{number}", "bench", ttl_s=0), timeout_s)
    assert answer.accepted, answer
    return (time.perf_counter() - began) * 1000


@dataclass(slots=True)
class Told:
    """Milliseconds of each command alone and at half load; commands a second at full and half load."""

    alone_ms: list[float] = field(default_factory=list)
    half_ms: list[float] = field(default_factory=list)
    full_per_s: float = 0.0
    half_per_s: float = 0.0
    levels: list[str] = field(default_factory=list)
    commands: int = 0


class _Caller:
    """Starts and stops one campaign in turn. Not for two requests at a time: the second could be refused."""

    def __init__(self, http: httpx.AsyncClient, campaign: str) -> None:
        self._http, self._path = http, f"/v1/campaigns/{campaign}"
        self._turns = itertools.cycle(("start", "stop"))
        self.free = asyncio.Lock()
        self.sent = 0

    async def turn(self) -> float:
        """Milliseconds of one command."""
        self.sent += 1
        began = time.perf_counter()
        answer = await self._http.post(f"{self._path}/{next(self._turns)}")
        assert answer.status_code == httpx.codes.OK, answer.text
        return (time.perf_counter() - began) * 1000


async def _over_http(stack: Stack, campaigns: Sequence[str]) -> Told:
    told = Told()
    limits = httpx.Limits(max_connections=4 * max(LEVELS), max_keepalive_connections=4 * max(LEVELS))
    async with httpx.AsyncClient(base_url=stack.url, timeout=TIMEOUT_S, limits=limits) as http:
        callers = [_Caller(http, campaign) for campaign in campaigns]
        await callers[0].turn()
        told.alone_ms = [await callers[0].turn() for _ in range(2 * COMMANDS)]
        for level in LEVELS:
            rate = await _closed_loop(callers[:level])
            told.full_per_s = max(told.full_per_s, rate)
            told.levels.append(f"{level} callers {rate:.0f}/s")
        told.half_per_s = told.full_per_s / 2
        told.half_ms = await _open_loop(callers, told.half_per_s)
        told.commands = sum(caller.sent for caller in callers)
    return told


async def _closed_loop(callers: Sequence[_Caller]) -> float:
    """Commands a second when each caller sends the next one as soon as it has its answer."""
    began = time.perf_counter()

    async def work(caller: _Caller) -> int:
        count = 0
        while time.perf_counter() - began < LEVEL_S:
            await caller.turn()
            count += 1
        return count

    sent = sum(await asyncio.gather(*map(work, callers)))
    return sent / (time.perf_counter() - began)


async def _open_loop(callers: Sequence[_Caller], per_s: float) -> list[float]:
    """Milliseconds from when each command was due to its answer: one that had to wait for its turn waited too."""
    began = time.perf_counter()

    async def work(number: int) -> float:
        due = began + number / per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        caller = callers[number % len(callers)]
        async with caller.free:
            await caller.turn()
        return (time.perf_counter() - due) * 1000

    return list(await asyncio.gather(*map(work, range(int(per_s * HALF_S)))))
