"""Faults of projections behind either live engine; afterwards the views are what a fold of the log says."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Self

import httpx

from outdial.eventlog.offsets import high_watermarks
from outdial.views.cursor import EVENTS
from tests.faults.deployment import PARTITIONS
from tests.faults.instance import Instance
from tests.faults.outcome import Hit
from tests.faults.projecting import SERVICE, caught_up, database, reading
from tests.faults.stage import ALL, Stage
from tests.kit.until import until

NAMES: Final = (SERVICE, f"{SERVICE}-2")
ASSIGNED_S: Final = 60.0
CLEAN: Final = 0


@dataclass(slots=True)
class Readers:
    """The projections of a stage, all behind one engine; `at` is where each one's health is."""

    stage: Stage
    engine: str
    dsn: str
    at: dict[str, str]

    @classmethod
    async def of(cls, stage: Stage, engine: str, count: int) -> Self:
        """So many of them, each with partitions, and as far as the log is; those that a former fault left go on."""
        readers = cls(stage, engine, await database(stage), {})
        for one in stage.deployment.beside.values():
            if one.name in NAMES[:count] and readers.is_one(one):
                readers.at[one.name] = one.environ["OUTDIAL_ADMIN"]
            else:
                one.kill()
        for name in NAMES[:count]:
            if name not in readers.at:
                readers.start(name)
        await readers.hold(NAMES[:count])
        await caught_up(stage, readers.dsn)
        await stage.a_moment()
        return readers

    def start(self, name: str, **environ: str) -> None:
        """Start one; `environ` is how it differs from the others."""
        environ = reading(self.dsn, self.engine) | environ
        self.at[name] = environ["OUTDIAL_ADMIN"]
        self.stage.deployment.start_beside(SERVICE, name, **environ)

    async def start_again(self, name: str, **environ: str) -> None:
        """Let one end, if it lives, and start it anew."""
        if (instance := self.stage.deployment.beside[name]).is_alive:
            await instance.stop()
        self.start(name, **environ)

    def is_one(self, instance: Instance) -> bool:
        """Whether it is alive and behind this engine."""
        return instance.is_alive and instance.environ.get("OUTDIAL_LIVE_ENGINE") == self.engine

    def signal(self, name: str, number: signal.Signals) -> None:
        self.stage.deployment.beside[name].signal(number)

    async def held(self, name: str) -> set[int]:
        """The partitions that one has now, as its health tells."""
        try:
            async with httpx.AsyncClient(timeout=5.0) as client:
                told = (await client.get(f"http://{self.at[name]}/health/ready")).json()
        except httpx.HTTPError:
            return set()
        return {int(partition) for partition in told.get("cursors", {})}

    async def hold(self, names: tuple[str, ...]) -> None:
        """Wait until each of these has partitions, and all are had."""

        async def so() -> bool:
            shares = [await self.held(name) for name in names]
            return all(shares) and sum(map(len, shares)) == PARTITIONS and set().union(*shares) == set(ALL)

        await until(so, f"{names} have all partitions, see {self.stage.deployment.folder}", ASSIGNED_S)

    async def end(self) -> int:
        """Where the log ends, over all partitions."""
        ends = await high_watermarks(self.stage.deployment.kafka, EVENTS, range(PARTITIONS))
        return sum(ends.values())


async def is_started_again(stage: Stage, engine: str) -> Hit:
    """kill -9 of the only one under load, wherever its database transaction stands; started again."""
    readers = await Readers.of(stage, engine, 1)

    async def harm() -> None:
        stage.deployment.beside[SERVICE].kill()
        readers.start(SERVICE)

    return await harmed(readers, SERVICE, harm)


async def is_taken_over(stage: Stage, engine: str) -> Hit:
    """kill -9 of one of two; the other one takes its partitions."""
    readers = await Readers.of(stage, engine, 2)
    victim, heir = stage.random.sample(NAMES, 2)

    async def harm() -> None:
        stage.deployment.beside[victim].kill()
        await readers.hold((heir,))

    return await harmed(readers, victim, harm)


async def sleeps_and_wakes(stage: Stage, engine: str) -> Hit:
    """SIGSTOP of one of two until the other has its partitions and has gone on; SIGCONT: it may write nothing old."""
    readers = await Readers.of(stage, engine, 2)
    zombie, heir = stage.random.sample(NAMES, 2)

    async def harm() -> None:
        readers.signal(zombie, signal.SIGSTOP)
        await readers.hold((heir,))
        await caught_up(stage, readers.dsn)
        readers.signal(zombie, signal.SIGCONT)

    hit = await harmed(readers, zombie, harm)
    await readers.hold(NAMES)
    return hit


async def comes_and_goes(stage: Stage, engine: str) -> Hit:
    """A second one is added under load, takes partitions, and is asked to end: it ends cleanly and gives them back."""
    readers = await Readers.of(stage, engine, 1)
    findings: list[str] = []

    async def harm() -> None:
        readers.start(NAMES[1])
        await readers.hold(NAMES)
        code = await stage.deployment.beside[NAMES[1]].stop()
        findings.extend([] if code == CLEAN else [f"the second one ended with {code}"])
        await readers.hold(NAMES[:1])

    hit = await harmed(readers, SERVICE, harm)
    return Hit(hit.recovery_s, hit.why_missed, hit.counted, findings=findings)


async def loses_the_broker(stage: Stage, engine: str) -> Hit:
    """kill -9 of the broker under load, away for a moment. Counted from its first answer."""
    readers, platform = await Readers.of(stage, engine, 1), stage.deployment.platform
    await stage.deployment.served("a")
    before, held = await readers.end(), await readers.held(SERVICE)
    await asyncio.to_thread(platform.kill, "broker")
    await stage.a_moment()
    platform.launch("broker")
    await asyncio.to_thread(platform.wait, "broker")
    back = time.monotonic()
    await stage.recovered(back)
    return await recovered(readers, back, before, held)


async def harmed(readers: Readers, victim: str, harm: Callable[[], Awaitable[None]]) -> Hit:
    """Do harm to one, and wait until the views have passed where the log ends then."""
    before, held, harmed = await readers.end(), await readers.held(victim), time.monotonic()
    await harm()
    return await recovered(readers, harmed, before, held)


async def recovered(readers: Readers, since: float, before: int, held: set[int]) -> Hit:
    """Counts how much came while the fault lasted: without it, nothing was proven."""
    await caught_up(readers.stage, readers.dsn)
    recovery_s, came = time.monotonic() - since, await readers.end() - before
    missed = "" if came and held else "nothing came meanwhile"
    return Hit(recovery_s, missed, {"partitions": len(held), "offsets meanwhile": came})
