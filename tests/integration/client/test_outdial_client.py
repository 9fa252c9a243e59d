"""A platform service on Kafka alone: campaigns, a workbook, reset and delete, with the real command service."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from outdial.campaign.commands import StartCampaign
from outdial.client import Filters, OutdialClient
from outdial.client.registry import SchemaTopic
from outdial.client.requests import CommandRejected
from outdial.eventlog import topics
from outdial.eventlog.kafka import KafkaConfig
from outdial.files.sample import SAMPLE_COLUMNS, SAMPLE_REGION, SAMPLE_ZONE, write_sample
from outdial.files.upload import UploadRejected, UploadRules
from outdial.messages.codec import Codec
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log

RULES = UploadRules(SAMPLE_REGION, SAMPLE_ZONE, columns=SAMPLE_COLUMNS, duplicates="allow")


@pytest.fixture
async def kafka(bootstrap: str) -> AsyncIterator[KafkaConfig]:
    """A deployment of its own on the broker, with a command service."""
    config = KafkaConfig(bootstrap, prefix=f"c{uuid4().hex[:8]}-")
    await topics.apply(config, topics.Layout.named("local"))
    environ = {
        **os.environ,
        "OUTDIAL_KAFKA": bootstrap,
        "OUTDIAL_KAFKA_PREFIX": config.prefix,
        "OUTDIAL_LAYOUT": "local",
        "OUTDIAL_PHONE_KEY": "secret",
    }
    arguments = [sys.executable, "-m", "services.command"]
    service = await asyncio.to_thread(subprocess.Popen, arguments, env=environ, stderr=subprocess.DEVNULL)
    yield config
    service.terminate()
    assert await asyncio.to_thread(service.wait, 20) == 0


@pytest.fixture
async def outdial(kafka: KafkaConfig) -> AsyncIterator[OutdialClient]:
    await SchemaTopic(kafka).prepare(4, Codec())
    async with OutdialClient(kafka, actor="crm") as client:
        yield client


async def test_the_life_of_a_campaign_over_kafka(
    kafka: KafkaConfig, outdial: OutdialClient, tmp_path: Path
) -> None:
    workbook = tmp_path / "spring.xlsx"
    expected = write_sample(workbook, 200, 3)
    await outdial.create(
        "spring", name="Spring", region=SAMPLE_REGION, time_zone=SAMPLE_ZONE, columns=SAMPLE_COLUMNS
    )

    added = await outdial.upload("spring", workbook, RULES)
    started = await outdial.start("spring")
    stopped = await outdial.stop("spring")
    reset = await outdial.reset("spring", Filters(status=["Pending"]))
    counted = await outdial.count_records("spring", Filters(priority=["1"]))
    deleted = await outdial.delete_records(
        "spring", Filters(priority=["1"]), selection=str(counted.details["selection"])
    )

    assert added.affected == expected.valid
    assert (started.position, stopped.position, reset.position) == ("Running", "Stopped", "Ready")
    assert reset.affected == expected.valid
    assert deleted.affected == counted.affected > 0
    assert check_log(await read_log(kafka.bootstrap, kafka.prefix)) == []


async def test_a_refusal_carries_its_code_and_the_same_command_its_first_answer(
    outdial: OutdialClient,
) -> None:
    created = await outdial.create("spring", name="Spring", region="GB", time_zone="Europe/London")
    assert created.version == 1

    with pytest.raises(CommandRejected) as first:
        await outdial.send("spring", StartCampaign(), command_id="c-1")
    with pytest.raises(CommandRejected) as again:
        await outdial.send("spring", StartCampaign(), command_id="c-1")

    assert first.value.answer.code == "nothing-to-dial"
    assert again.value.answer.replayed


async def test_a_file_that_is_refused_leaves_nothing_open(outdial: OutdialClient, tmp_path: Path) -> None:
    await outdial.create("spring", name="Spring", region="GB", time_zone="Europe/London")
    file = tmp_path / "notes.xlsx"
    file.write_text("no column of numbers")

    with pytest.raises(UploadRejected, match="column-missing"):
        await outdial.upload("spring", file, RULES)

    assert (await outdial.force_complete("spring")).position == "Completed"
