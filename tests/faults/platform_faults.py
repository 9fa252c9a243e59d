"""Faults of what the services stand on: brokers die or sleep under load, or are restarted one after the other."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.faults.outcome import Hit
from tests.faults.small_disk import SmallPlatform
from tests.faults.stage import ALL, Stage
from tests.kit.until import until

AWAY_S: Final = (0.1, 2.0)
ASLEEP_S: Final = (9.0, 13.0)  # longer than a writer waits for a step of its transaction
LEADERLESS_S: Final = (4.0, 8.0)  # longer than the controller believes in a broker that it does not hear of
IN_STEP_S: Final = 60.0
ENDS_WHILE_FULL: Final = 2  # the first, and one start at least that the full disk does not allow
BACK_S: Final = 60.0


async def broker_dies(stage: Stage) -> Hit:
    """kill -9 of the only broker under load, away for a moment, started again. Counted from its first answer."""
    platform = stage.deployment.platform
    await stage.deployment.served("a")
    await stage.a_moment()
    waiting, killed = stage.ledger.open_on(set(ALL)), time.monotonic()
    await asyncio.to_thread(platform.kill, "broker")
    await stage.a_moment(*AWAY_S)
    platform.launch("broker")
    await asyncio.to_thread(platform.wait, "broker")
    back = time.monotonic()
    recovery_s = await stage.recovered(back)
    missed = "" if waiting else "no command waited"
    away_ms = int((back - killed) * 1000)
    return Hit(recovery_s, missed, {"commands waiting": waiting, "broker away, ms": away_ms})


async def broker_and_service_die(stage: Stage) -> Hit:
    """kill -9 of the only broker and of the command service at one instant, as when the machine goes; then start both.

    A young broker may drop the markers of the transaction that it had just decided: `hung ended` counts those that the
    next writer wrote in its place. Counted from the broker's first answer.
    """
    platform, victim = stage.deployment.platform, stage.instances["a"]
    await stage.deployment.served("a")
    await stage.a_moment()
    waiting = stage.ledger.open_on(set(ALL))
    victim.kill()
    await asyncio.to_thread(platform.kill, "broker")
    platform.launch("broker")
    await asyncio.to_thread(platform.wait, "broker")
    back = time.monotonic()
    heir = stage.deployment.start("a")
    recovery_s = await stage.recovered(back)
    ended = heir.says("a transaction that hung was ended")
    return Hit(recovery_s, "" if waiting else "no command waited", {"waiting": waiting, "hung ended": ended})


async def broker_sleeps(stage: Stage) -> Hit:
    """SIGSTOP of the only broker under load, SIGCONT when its clients have given up what they had asked.

    It then carries out what still lies in its sockets, beside what they ask anew. Counted from its awakening.
    """
    await stage.deployment.served("a")
    await stage.a_moment()
    waiting, service = stage.ledger.open_on(set(ALL)), stage.instances["a"]
    dropped = service.says("writer dropped")
    with _asleep(stage, "broker"):
        await stage.a_moment(*ASLEEP_S)
    recovery_s = await stage.recovered(time.monotonic())
    gave_up = service.says("writer dropped") - dropped
    missed = "" if waiting and gave_up else "no command waited, or the writer did not give up"
    return Hit(recovery_s, missed, {"commands waiting": waiting, "writers dropped": gave_up})


async def disk_fills_up(stage: Stage) -> Hit:
    """Not a byte more on the broker's disk, under load: the broker ends and cannot start, until there is room again.

    Counted from the first answer of the broker that its supervisor has started then.
    """
    platform = stage.deployment.platform
    assert isinstance(platform, SmallPlatform)
    await stage.deployment.served("a")
    await stage.a_moment()
    waiting, ends = stage.ledger.open_on(set(ALL)), len(platform.told)
    filled = await asyncio.to_thread(platform.disk.fill)
    await _looked_after(platform, lambda: len(platform.told) >= ends + ENDS_WHILE_FULL, "the broker ends")
    platform.disk.free()
    await _looked_after(platform, platform.brokers[0].answers, "the broker is back")
    recovery_s = await stage.recovered(time.monotonic())
    counted = {"commands waiting": waiting, "bytes": filled, "ends": len(platform.told) - ends}
    return Hit(recovery_s, "" if waiting else "no command waited", counted)


async def _looked_after(platform: SmallPlatform, true: Callable[[], bool], what: str) -> None:
    def look() -> bool:
        platform.look_after()
        return true()

    await until(look, f"{what}, see {platform.folder}: {platform.told}", BACK_S)


async def one_of_three_dies(stage: Stage) -> Hit:
    """kill -9 of one broker: the others go on without it; then it comes back and catches up."""
    platform = stage.deployment.platform
    await stage.deployment.served("a")
    await _in_step(stage)
    await stage.a_moment()
    name = stage.random.choice(platform.brokers).name
    waiting, killed = stage.ledger.open_on(set(ALL)), time.monotonic()
    await asyncio.to_thread(platform.kill, name)
    recovery_s = await stage.recovered(killed)
    platform.launch(name)
    await asyncio.to_thread(platform.wait, name)
    await _in_step(stage)
    return Hit(recovery_s, "" if waiting else "no command waited", {"commands waiting": waiting})


async def one_of_three_sleeps(stage: Stage) -> Hit:
    """SIGSTOP of one broker until the others lead its partitions and coordinate its groups; it wakes as a zombie."""
    await stage.deployment.served("a")
    await _in_step(stage)
    await stage.a_moment()
    name = stage.random.choice(stage.deployment.platform.brokers).name
    waiting, stopped = stage.ledger.open_on(set(ALL)), time.monotonic()
    with _asleep(stage, name):
        recovery_s = await stage.recovered(stopped)
        await stage.a_moment(*LEADERLESS_S)
    await _in_step(stage)
    await stage.recovered(time.monotonic())
    return Hit(recovery_s, "" if waiting else "no command waited", {"commands waiting": waiting})


async def rolling_restart(stage: Stage) -> Hit:
    """Each of three brokers is stopped and started again, the next when all replicas are in step."""
    platform = stage.deployment.platform
    await stage.deployment.served("a")
    began, waiting = time.monotonic(), 0
    for broker in platform.brokers:
        await _in_step(stage)
        waiting += stage.ledger.open_on(set(ALL))
        await asyncio.to_thread(platform.stop, broker.name)
        platform.launch(broker.name)
        await asyncio.to_thread(platform.wait, broker.name)
    await _in_step(stage)
    await stage.recovered(time.monotonic())
    recovery_s = stage.ledger.silence_s(began, set(ALL))
    return Hit(recovery_s, "" if waiting else "no command waited", {"commands waiting": waiting})


@contextmanager
def _asleep(stage: Stage, part: str) -> Iterator[None]:
    process = stage.deployment.platform.pid(part)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def _in_step(stage: Stage) -> None:
    """Wait until every partition has a leader and all its replicas in step."""

    async def complete() -> bool:
        admin = AIOKafkaAdminClient(**stage.deployment.kafka.client())
        try:
            await admin.start()
            described = await admin.describe_topics()
        except (KafkaError, OSError):
            return False
        finally:
            await admin.close()
        parts = [part for topic in described for part in topic["partitions"]]
        return all(part["leader"] >= 0 and len(part["isr"]) == len(part["replicas"]) for part in parts)

    await until(complete, "all replicas are in step", IN_STEP_S)
