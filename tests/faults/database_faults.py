"""Faults of PostgreSQL under a projection at work; afterwards the views are what a fold of the log says."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import psycopg

from outdial.campaign.state import CampaignState
from outdial.eventlog.offsets import high_watermarks
from outdial.eventlog.replay import replay
from outdial.messages.codec import Codec
from outdial.views import queries
from outdial.views.cursor import EVENTS, cursors
from outdial.views.database import connect
from services.command.streams import Streams
from tests.faults.deployment import PARTITIONS
from tests.faults.outcome import Hit
from tests.faults.stage import Stage
from tests.integration.views.test_any_history import (
    assert_campaign,
    expected_counts,
    expected_uploads,
    uploads,
)
from tests.kit.log_reading import Log
from tests.kit.until import until
from tests.kit.views import Views, book_records, same_columns

SERVICE: Final = "projection"
CATCH_UP_S: Final = 60.0
MARKER: Final = 1  # the last offset of a partition is a transaction's marker
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
    dsn = await _with_projection(stage)
    await stage.deployment.served("a")
    await stage.a_moment()
    projection = stage.deployment.beside[SERVICE]
    noticed, behind = projection.says("the database is away"), await _behind(stage, dsn)
    harmed = time.monotonic()
    connections = await harm(stage, dsn)
    await _caught_up(stage, dsn)
    recovery_s = time.monotonic() - harmed
    noticed = projection.says("the database is away") - noticed
    missed = "" if connections and noticed else "nobody missed the database"
    return Hit(recovery_s, missed, {"connections": connections, "noticed": noticed, "offsets behind": behind})


async def _with_projection(stage: Stage) -> str:
    """A projection with a database of its own, started once a stage; its views are judged with the log."""
    name = stage.deployment.kafka.prefix.rstrip("-")
    dsn = stage.deployment.platform.dsn.replace("/outdial", f"/{name}")
    if SERVICE not in stage.deployment.beside:
        await _execute(stage.deployment.platform.dsn, f'CREATE DATABASE "{name}"')
        stage.deployment.start_beside(SERVICE, OUTDIAL_DATABASE=dsn)
        stage.judges.append(lambda log: _judge_views(stage, dsn, log))
    await _caught_up(stage, dsn)
    return dsn


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


async def _execute(dsn: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5, autocommit=True) as db:
        await db.execute(statement)


async def _behind(stage: Stage, dsn: str) -> int:
    """How many offsets the views are behind the log now; the whole log while they are not there."""
    ends = await high_watermarks(stage.deployment.kafka, EVENTS, range(PARTITIONS))
    try:
        async with await connect(dsn) as db:
            at = await cursors(db, EVENTS, range(PARTITIONS))
    except psycopg.Error:
        return sum(ends.values()) + PARTITIONS
    return sum(max(0, end - MARKER - at[part]) for part, end in ends.items())


async def _caught_up(stage: Stage, dsn: str) -> None:
    """Wait until the views have passed the end that the log has now."""
    ends = await high_watermarks(stage.deployment.kafka, EVENTS, range(PARTITIONS))

    async def passed() -> bool:
        try:
            async with await connect(dsn) as db:
                at = await cursors(db, EVENTS, range(PARTITIONS))
        except psycopg.Error:
            return False
        return all(at[part] >= end - MARKER for part, end in ends.items())

    await until(passed, f"the views have caught up, see {stage.deployment.folder}", CATCH_UP_S)


async def _judge_views(stage: Stage, dsn: str, log: Log) -> list[str]:
    """What views and record book say differently."""
    await _caught_up(stage, dsn)
    streams = Streams(Codec())
    starts = dict.fromkeys(range(log.partitions), 0)
    async for _, records in replay(stage.deployment.kafka, EVENTS, starts):
        for record in records:
            streams.load(record)
    async with Views(dsn) as views:
        return [found for stream in streams for found in await _differences(views, stream.state)]


async def _differences(views: Views, state: CampaignState) -> list[str]:
    name, known = state.campaign_id, book_records(state)
    row = await queries.campaign(views.db, name)
    if row is None:
        return [f"the views have no {name}"]
    shown = same_columns(await views.shown(name), known)
    compared: Mapping[str, tuple[Any, Any]] = {
        "records": (shown, known),
        "counts": (await queries.counts(views.db, name), expected_counts(state, known)),
        "uploads": (await uploads(views, name), expected_uploads(state)),
    }
    found = [f"{what} of {name} differ: {a} and {b}" for what, (a, b) in compared.items() if a != b]
    try:
        assert_campaign(row, state)
    except AssertionError as error:
        found.append(f"{name} differs: {error}")
    return found
