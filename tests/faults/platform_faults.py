"""Faults of what the services stand on: the broker dies under load and comes back on the same data."""

import asyncio
import time
from typing import Final

from tests.faults.outcome import Hit
from tests.faults.stage import ALL, Stage
from tests.kit.until import until

AWAY_S: Final = (0.1, 2.0)


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
    await until(lambda: stage.ledger.has_heard(back, set(ALL)), "all partitions answer again", 30.0)
    recovery_s = stage.ledger.silence_s(back, set(ALL))
    missed = "" if waiting else "no command waited"
    away_ms = int((back - killed) * 1000)
    return Hit(recovery_s, missed, {"commands waiting": waiting, "broker away, ms": away_ms})
