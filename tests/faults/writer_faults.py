"""Faults of the command service: dead at a point of its protocol, dead at any instant, paused, coming and going."""

import signal
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import psutil

from outdial.eventlog.writer.points import KILL, PAUSE, POINTS
from tests.faults.instance import Instance
from tests.faults.outcome import Hit
from tests.faults.stage import ALL, Stage
from tests.kit.until import until

MEMBERS: Final = ("a", "b", "c")
STORM_S: Final = 12.0
WORKED: Final = 20  # answers of each partition
NOTICE_S: Final = 10.0
PAUSED_AT: Final = ("after-decide", "after-send", "before-commit")


def crash_at(point: str) -> Callable[[Stage], Awaitable[Hit]]:
    """kill -9 when the service reaches a point of its protocol; its supervisor starts it again at once."""
    return partial(_handed_over if point == "during-handover" else _crash, point=point)


async def _crash(stage: Stage, point: str) -> Hit:
    times = stage.random.randint(1, 4) if point == "during-open" else stage.random.randint(4, 30)
    await leave_only(stage, "a")
    await stage.instances["a"].stop()
    armed = stage.deployment.start("a", **{KILL: f"{point}:{times}"})
    await armed.dead()
    return await _started_again(stage, armed, point)


async def _handed_over(stage: Stage, point: str) -> Hit:
    """The service dies while it waits, parked, for the partitions that a second one takes from it."""
    await leave_only(stage, "a")
    await stage.instances["a"].stop()
    armed = stage.deployment.start("a", **{KILL: f"{point}:{stage.random.randint(1, 4)}"})
    await stage.deployment.served("a")
    stage.deployment.start("b")
    await armed.dead()
    return await _started_again(stage, armed, point)


async def _started_again(stage: Stage, armed: Instance, point: str) -> Hit:
    died, waiting = time.monotonic(), stage.ledger.open_on(set(ALL))
    stage.deployment.start("a")
    recovery_s = await stage.recovered(died)
    await stage.load.ask_again()
    reached = armed.says("fault", point=point)
    missed = "" if reached and waiting and armed.process.returncode == -signal.SIGKILL else f"not at {point}"
    return Hit(recovery_s, missed, {"commands waiting": waiting})


async def kill_at_any_instant(stage: Stage) -> Hit:
    """kill -9 under load; the other instance takes over, later the victim comes back."""
    await both(stage)
    await stage.a_moment()
    victim, heir = stage.random.sample([stage.instances["a"], stage.instances["b"]], 2)
    partitions = victim.serving()
    waiting, killed = stage.ledger.open_on(partitions), time.monotonic()
    victim.kill()
    await until(lambda: heir.serving() == set(ALL), "the other one has taken over")
    recovery_s = await stage.recovered(killed, partitions)
    stage.deployment.start(victim.name)
    missed = "" if partitions and waiting else "the victim had nothing to do"
    return Hit(recovery_s, missed, {"commands waiting": waiting, "partitions": len(partitions)})


async def pause_and_wake(stage: Stage) -> Hit:
    """SIGSTOP until the other instance has taken over and answered, then SIGCONT: a zombie with a batch in hand."""
    return await _pause_and_wake(stage, stage.random.choice(PAUSED_AT), NOTICE_S)


def pause_and_wake_at(point: str, notice_s: float) -> Callable[[Stage], Awaitable[Hit]]:
    """The same at one point; the zombie is given so long to notice."""
    return partial(_pause_and_wake, point=point, notice_s=notice_s)


async def members_change(stage: Stage) -> Hit:
    """Twice a second instance takes partitions over, works on them, and gives them back."""
    for _ in range(2):
        await both(stage)
        began, partitions = time.monotonic(), stage.instances["b"].serving()
        await stage.recovered(began, times=WORKED)
        await leave_only(stage, "a")
        recovery_s = await stage.recovered(time.monotonic(), partitions)
    return Hit(recovery_s, counted={"partitions": len(partitions)})


async def _pause_and_wake(stage: Stage, point: str, notice_s: float) -> Hit:
    await both(stage)
    name, other = stage.random.sample(["a", "b"], 2)
    await stage.instances[name].stop()
    point = f"{point}:{stage.random.randint(8, 40)}"
    zombie, heir = stage.deployment.start(name, **{PAUSE: point}), stage.instances[other]
    await until(lambda: _is_stopped(zombie), f"{name} stops at {point}")
    partitions = zombie.serving()
    waiting, stopped = stage.ledger.open_on(partitions), time.monotonic()
    await until(lambda: heir.serving() == set(ALL), "the other one has taken over")
    recovery_s = await stage.recovered(stopped, partitions)
    zombie.signal(signal.SIGCONT)
    await until(lambda: zombie.says("writer dropped") > 0, "the zombie notices", notice_s)
    missed = "" if partitions and waiting else "the zombie had nothing to do"
    fenced = sum("Fenced" in str(line.get("why")) for line in zombie.look())
    return Hit(recovery_s, missed, {"commands waiting": waiting, "fenced": fenced})


async def members_come_and_go(stage: Stage) -> Hit:
    """For a while, every 1 to 3 s: one more instance, or one less, asked to stop or killed; one always stays."""
    began, came, went = time.monotonic(), 0, 0
    owned = _times_owned(stage)
    while time.monotonic() < began + STORM_S:
        name = stage.random.choice(MEMBERS)
        instance = stage.instances.get(name)
        if instance is None or not instance.is_alive:
            stage.deployment.start(name)
            came += 1
        elif sum(one.is_alive for one in stage.instances.values()) > 1:
            instance.signal(stage.random.choice([signal.SIGTERM, signal.SIGKILL]))
            await instance.dead()
            went += 1
        await stage.a_moment(1.0, 3.0)
    calm = time.monotonic()
    if not any(one.is_alive for one in stage.instances.values()):
        stage.deployment.start("a")
    await stage.recovered(calm)
    handed = _times_owned(stage) - owned
    missed = "" if came and went and handed >= came else "too few changes"
    return Hit(
        stage.ledger.silence_s(began, set(ALL)), missed, {"came": came, "went": went, "assignments": handed}
    )


def _times_owned(stage: Stage) -> int:
    lives = [*stage.deployment.past, *stage.instances.values()]
    return sum(life.says("partitions owned") for life in lives)


async def both(stage: Stage) -> None:
    """Two instances serve partitions."""
    for name in ("a", "b"):
        if name not in stage.instances or not stage.instances[name].is_alive:
            stage.deployment.start(name)
    await stage.deployment.served("a", "b")


async def leave_only(stage: Stage, name: str) -> None:
    """One instance serves all partitions."""
    for one in stage.instances.values():
        if one.name != name and one.is_alive:
            await one.stop()
    if not stage.instances[name].is_alive:
        stage.deployment.start(name)
    await stage.deployment.served(name)


def _is_stopped(instance: Instance) -> bool:
    return bool(psutil.Process(instance.process.pid).status() == psutil.STATUS_STOPPED)


CRASH_POINTS: Final = POINTS
