"""`outdial views rebuild` from a real log: what it gives, what it refuses, and what a kill in the middle leaves."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import Progress, replay
from outdial.messages.persons import encode_block
from outdial.views import queries, versions
from outdial.views.cursor import EVENTS
from outdial.views.database import SCHEMA, connect
from outdial.views.fold import Folding
from outdial.views.reading import FactReader
from services.projection.rebuild import EventRefused, rebuild
from services.projection.sources import PERSONS
from tests.kit.campaign import ALL, Campaign, begin, chunk, running
from tests.kit.filled_views import TABLES, learn_nothing
from tests.kit.fresh_log import fresh_log
from tests.kit.until import until
from tests.kit.views import CODEC, FakeBlocks, Views, log_records

BLOCK_OFFSET = 7  # that of every chunk of the campaign kit
LATER_OFFSET = 20


@pytest.fixture
async def kafka(bootstrap: str) -> KafkaConfig:
    return await fresh_log(bootstrap, f"r{uuid4().hex[:8]}-")


@pytest.fixture
async def views(dsn: str) -> AsyncIterator[Views]:
    async with Views(dsn) as views:
        yield views


async def append(
    kafka: KafkaConfig, records: Sequence[LogRecord], blocks: Sequence[str], filler: int
) -> None:
    """Blocks of these ids and so many others before events, all in partition 0."""
    producer = AIOKafkaProducer(**kafka.client())
    await producer.start()
    try:
        for block_id in (*blocks, *(f"spring/other/{number}/x" for number in range(filler))):
            block = await FakeBlocks().read(block_id, 0, 0)
            assert block is not None
            value = encode_block(CODEC, block)
            await producer.send(kafka.topic(PERSONS), value, block_id.encode(), partition=0)
        for record in records:
            await producer.send(
                kafka.topic(EVENTS), record.value, record.key, partition=0, headers=list(record.headers)
            )
        await producer.flush()
    finally:
        await producer.stop()


def busy() -> Campaign:
    """Runs, with three records that were called."""
    campaign = running()
    campaign.dial("Busy", 1, 2)
    campaign.stop()
    campaign.accept(c.ResetCampaign(ALL), "reset")
    return campaign


async def fold_current(kafka: KafkaConfig, views: Views) -> None:
    """The whole log into the current version, event by event."""
    reader = FactReader(CODEC, views.blocks, learn_nothing, views.blocks.log_end)
    async for partition, records in replay(kafka, EVENTS, {0: 0}):
        await Folding(views.db, reader).apply(partition, records)


async def tables(views: Views, schema: str) -> dict[str, list[Any]]:
    """Every table of a version, sorted; counts of nothing are nothing."""
    found = {}
    for table in TABLES:
        rows = await (await views.db.execute(f"SELECT * FROM {schema}.{table}")).fetchall()  # noqa: S608  # ours
        found[table] = sorted((row for row in rows if row.get("total") != 0), key=str)
    return found


def see_nothing(_: Progress) -> None:
    """Nobody looks."""


async def test_a_rebuilt_version_is_the_former_one_once_more(kafka: KafkaConfig, views: Views) -> None:
    await append(kafka, log_records("spring", busy().history), ["spring/u1/0/x"], BLOCK_OFFSET)
    await fold_current(kafka, views)
    before = await tables(views, SCHEMA)
    seen: list[Progress] = []

    made = await rebuild(kafka, views.dsn, seen.append)

    assert await tables(views, SCHEMA) == before
    assert [one.state for one in await versions.listed(views.dsn)] == ["kept", "current"]
    assert made.number == 2
    assert seen[-1].done == seen[-1].total > 0


async def test_an_event_that_cannot_be_taken_in_refuses_the_rebuild(kafka: KafkaConfig, views: Views) -> None:
    campaign = busy()
    history = [*campaign.history, (e.UploadCommitted("never", 1, 1, 0, 0), campaign.now_us)]
    await append(kafka, log_records("spring", history), ["spring/u1/0/x"], BLOCK_OFFSET)

    with pytest.raises(EventRefused, match="spring"):
        await rebuild(kafka, views.dsn, see_nothing)

    assert (await versions.listed(views.dsn))[0].state == "current"


async def test_a_campaign_that_is_parked_already_stays_parked(kafka: KafkaConfig, views: Views) -> None:
    campaign = busy()
    history = [*campaign.history, (e.UploadCommitted("never", 1, 1, 0, 0), campaign.now_us)]
    await append(kafka, log_records("spring", history), ["spring/u1/0/x"], BLOCK_OFFSET)
    await fold_current(kafka, views)
    before = await tables(views, SCHEMA)
    assert before["parked_campaigns"]

    await rebuild(kafka, views.dsn, see_nothing)

    assert await tables(views, SCHEMA) == before


def long_campaign() -> Campaign:
    """More events than a fetch, then an upload whose block is not in the log yet, then calls."""
    campaign = running()
    for _ in range(300):
        campaign.stop()
        campaign.start()
    campaign.stop()
    campaign.accept(c.ForceComplete())
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 2, block_offset=LATER_OFFSET))
    campaign.accept(c.CommitUpload("u2", 1, 2))
    campaign.start()
    campaign.dial("Busy", 4, 5)
    return campaign


async def test_a_kill_in_the_middle_means_that_the_next_rebuild_begins_again(
    kafka: KafkaConfig, views: Views
) -> None:
    records = log_records("spring", long_campaign().history)
    await append(kafka, records, ["spring/u1/0/x", "spring/u2/0/x"], BLOCK_OFFSET)
    environ = {
        **os.environ,
        "OUTDIAL_KAFKA": kafka.bootstrap,
        "OUTDIAL_KAFKA_PREFIX": kafka.prefix,
        "OUTDIAL_DATABASE": views.dsn,
    }
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-m", "services.projection", "rebuild"],
        env=environ,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        await until(lambda: half_filled(views), "the first fetch is in")
    finally:
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
    assert [one.state for one in await versions.listed(views.dsn)] == ["current", "filling"]

    await append(kafka, [], [], LATER_OFFSET)
    await rebuild(kafka, views.dsn, see_nothing)

    assert [one.state for one in await versions.listed(views.dsn)] == ["kept", "current"]
    assert (await queries.counts(views.db, "spring"))["attempts"] == 2
    rebuilt = await tables(views, SCHEMA)
    again = await versions.begin(views.dsn)
    async with await connect(views.dsn, again.schema) as db:
        reader = FactReader(CODEC, views.blocks, learn_nothing, views.blocks.log_end)
        async for partition, batch in replay(kafka, EVENTS, {0: 0}):
            await Folding(db, reader).apply(partition, batch)
    assert await tables(views, again.schema) == rebuilt


async def half_filled(views: Views) -> bool:
    """Whether a version that is being filled has taken in something."""
    for version in await versions.listed(views.dsn):
        if version.state == versions.FILLING:
            at = await versions.cursors_of(views.db, version.schema, EVENTS)
            return at.get(0, 0) > 0
    return False
