"""Projections on the stage: a database of their own, started, awaited, and their views judged with the log."""

from collections.abc import Mapping
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
from tests.faults.stage import Stage
from tests.integration.views.test_any_history import (
    assert_campaign,
    expected_counts,
    expected_uploads,
    uploads,
)
from tests.kit.log_reading import Log
from tests.kit.stack import free_port
from tests.kit.until import until
from tests.kit.views import Views, book_records, same_columns

SERVICE: Final = "projection"
ENGINES: Final = ("faust", "plain")
CATCH_UP_S: Final = 60.0
MARKER: Final = 1  # the last offset of a partition is a transaction's marker


async def projected(stage: Stage) -> str:
    """The database of a projection that runs, and has taken in what the log holds."""
    dsn = await database(stage)
    if SERVICE not in stage.deployment.beside:
        stage.deployment.start_beside(SERVICE, **reading(dsn, ENGINES[0]))
    await caught_up(stage, dsn)
    return dsn


def reading(dsn: str, engine: str) -> dict[str, str]:
    """The environment of a projection: its database, its live engine, and where its health is."""
    admin = f"127.0.0.1:{free_port()}"
    return {"OUTDIAL_DATABASE": dsn, "OUTDIAL_LIVE_ENGINE": engine, "OUTDIAL_ADMIN": admin}


async def database(stage: Stage) -> str:
    """A database for the views of this stage, made once; they are judged with the log from then on."""
    name = stage.deployment.kafka.prefix.rstrip("-")
    dsn = stage.deployment.platform.dsn.replace("/outdial", f"/{name}")
    if not stage.judges:
        await _execute(stage.deployment.platform.dsn, f'CREATE DATABASE "{name}"')
        stage.judges.append(lambda log: _judge_views(stage, dsn, log))
    return dsn


async def _execute(dsn: str, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5, autocommit=True) as db:
        await db.execute(statement)


async def behind(stage: Stage, dsn: str) -> int:
    """How many offsets the views are behind the log now; the whole log while they are not there."""
    ends = await high_watermarks(stage.deployment.kafka, EVENTS, range(PARTITIONS))
    try:
        async with await connect(dsn) as db:
            at = await cursors(db, EVENTS, range(PARTITIONS))
    except psycopg.Error:
        return sum(ends.values()) + PARTITIONS
    return sum(max(0, end - MARKER - at[part]) for part, end in ends.items())


async def caught_up(stage: Stage, dsn: str) -> None:
    """Wait until the views have passed the end that the log has now; TimeoutError also when no projection lives."""
    ends = await high_watermarks(stage.deployment.kafka, EVENTS, range(PARTITIONS))

    async def passed() -> bool:
        if not any(one.is_alive for one in stage.deployment.beside.values()):
            raise TimeoutError(f"no projection lives, see {stage.deployment.folder}")
        try:
            async with await connect(dsn) as db:
                at = await cursors(db, EVENTS, range(PARTITIONS))
        except psycopg.Error:
            return False
        return all(at[part] >= end - MARKER for part, end in ends.items())

    await until(passed, f"the views have caught up, see {stage.deployment.folder}", CATCH_UP_S)


async def _judge_views(stage: Stage, dsn: str, log: Log) -> list[str]:
    """What views and record book say differently, or that the views do not get there."""
    try:
        await caught_up(stage, dsn)
    except TimeoutError as error:
        return [str(error)]
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
