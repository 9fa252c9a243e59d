"""Faults of PostgreSQL under a projection at work; afterwards the views are what a fold of the log says."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import psycopg

from tests.faults.outcome import Hit
from tests.faults.projecting import SERVICE, behind, caught_up, projected
from tests.faults.stage import Stage

Harm = Callable[[Stage, str], Awaitable[int]]


async def database_restarts(stage: Stage) -> Hit:
    """The server is stopped, its connections cut, and started again."""
    return await _harmed(stage, _restart)


async def backend_dies(stage: Stage) -> Hit:
    """kill -9 of one backend: the server ends all of them and recovers."""
    return await _harmed(stage, _kill_a_backend)


async def backends_are_ended(stage: Stage) -> Hit:
    """pg_terminate_backend of every connection."""
    return await _harmed(stage, _terminate)


async def _harmed(stage: Stage, harm: Harm) -> Hit:
    dsn = await projected(stage)
    await stage.deployment.served("a")
    await stage.a_moment()
    projection = stage.deployment.beside[SERVICE]
    noticed, late = projection.says("the database is away"), await behind(stage, dsn)
    harmed = time.monotonic()
    connections = await harm(stage, dsn)
    await caught_up(stage, dsn)
    recovery_s = time.monotonic() - harmed
    noticed = projection.says("the database is away") - noticed
    missed = "" if connections and noticed else "nobody missed the database"
    return Hit(recovery_s, missed, {"connections": connections, "noticed": noticed, "offsets behind": late})


async def _restart(stage: Stage, dsn: str) -> int:
    connections, platform = len(await _backends(dsn)), stage.deployment.platform
    await asyncio.to_thread(platform.stop, "database")
    platform.launch("database")
    await asyncio.to_thread(platform.wait, "database")
    return connections


async def _kill_a_backend(stage: Stage, dsn: str) -> int:
    backends = await _backends(dsn)
    if backends:
        os.kill(stage.random.choice(backends), signal.SIGKILL)
    return len(backends)


async def _terminate(stage: Stage, dsn: str) -> int:
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5, autocommit=True) as db:
        ended = await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return ended.rowcount


async def _backends(dsn: str) -> list[int]:
    """The process ids of the connections to a database, without this one."""
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5) as db:
        found = await db.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [row[0] for row in await found.fetchall()]
