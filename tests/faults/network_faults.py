"""Faults of the network between one command service and the broker: both are well, and hear nothing of each other."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tests.faults.instance import Instance
from tests.faults.link import Link
from tests.faults.linked import LinkedPlatform
from tests.faults.outcome import Hit
from tests.faults.stage import ALL, Stage
from tests.faults.writer_faults import both, leave_only
from tests.kit.until import until

NOTICE_S: Final = 20.0  # a request that gets no answer is given up after 5 s
BREAKS: Final = 12
SLOW_PIECE: Final = 2_048
SLOW_S: Final = 0.02
WORKED: Final = 5  # answers of each partition while it is slow


async def falls_silent(stage: Stage) -> Hit:
    """Nothing is carried until the other instance has taken over and answered; then all that was held back."""
    await both(stage)
    name, other = stage.random.sample(["a", "b"], 2)
    async with _linked(stage, name, "a", "b") as (link, victim):
        heir, partitions = stage.instances[other], victim.serving()
        await stage.a_moment()
        waiting, silent = stage.ledger.open_on(partitions), time.monotonic()
        link.silence()
        await until(lambda: heir.serving() == set(ALL), "the other one has taken over")
        recovery_s = await stage.recovered(silent, partitions)
        link.heal()
        await until(lambda: victim.says("writer dropped") > 0, "the one that was cut off notices", NOTICE_S)
        await stage.deployment.served("a", "b")
    missed = "" if partitions and waiting else "the one that was cut off had nothing to do"
    return Hit(recovery_s, missed, {"commands waiting": waiting, "partitions": len(partitions)})


async def forgets_connections(stage: Stage) -> Hit:
    """The connections of the only instance carry nothing for ever, new ones do."""
    await leave_only(stage, "a")
    async with _linked(stage, "a", "a") as (link, _):
        await stage.a_moment()
        waiting, forgotten = stage.ledger.open_on(set(ALL)), time.monotonic()
        connections = link.forget()
        recovery_s = await stage.recovered(forgotten)
    missed = "" if waiting and connections else "no command waited"
    return Hit(recovery_s, missed, {"commands waiting": waiting, "connections": connections})


async def breaks_again_and_again(stage: Stage) -> Hit:
    """All connections of the only instance are reset, a moment later again, and so on."""
    await leave_only(stage, "a")
    async with _linked(stage, "a", "a") as (link, _):
        waiting, broken = stage.ledger.open_on(set(ALL)), 0
        for _ in range(BREAKS):
            await stage.a_moment(0.05, 0.6)
            broken += link.reset()
        recovery_s = await stage.recovered(time.monotonic())
    missed = "" if waiting and broken else "no command waited"
    return Hit(recovery_s, missed, {"commands waiting": waiting, "connections": broken})


async def is_slow(stage: Stage) -> Hit:
    """Everything comes late and in pieces, and commands are answered all the same."""
    await leave_only(stage, "a")
    async with _linked(stage, "a", "a") as (link, _):
        before, slow = link.carried, time.monotonic()
        link.slow(SLOW_PIECE, SLOW_S)
        recovery_s = await stage.recovered(slow, times=WORKED)
        carried = link.carried - before
        link.quick()
    return Hit(recovery_s, "" if carried else "nothing was carried", {"bytes": carried})


@asynccontextmanager
async def _linked(stage: Stage, name: str, *names: str) -> AsyncIterator[tuple[Link, Instance]]:
    """The instance, started again behind a link, and without it in the end; all of `names` serve partitions."""
    platform = stage.deployment.platform
    assert isinstance(platform, LinkedPlatform)
    await stage.instances[name].stop()
    async with Link(platform.broker.outer, platform.broker.inner, stage.random) as link:
        instance = stage.deployment.start(name, OUTDIAL_KAFKA=link.address)
        await stage.deployment.served(*names)
        yield link, instance
        await instance.stop()
    stage.deployment.start(name)
    await stage.deployment.served(*names)
