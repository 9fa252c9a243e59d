"""The command service from its start to its first answer: a campaign of a million records, ten thousand campaigns."""

import asyncio
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from outdial.campaign.commands import StartCampaign, StopCampaign
from outdial.client.registry import SchemaTopic
from outdial.client.requests import Request
from outdial.client.sender import CommandSender
from outdial.eventlog import topics
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import high_watermarks
from outdial.eventlog.replay import replay
from tests.bench.logs import CODEC, append
from tests.bench.measuring import Line, Place
from tests.bench.whole_history import History
from tests.faults.instance import Instance

LAYOUT: Final = topics.Layout.named("local")
CAMPAIGNS: Final = 10_000
TIMEOUT_S: Final = 600.0
LOGS: Final = ("events", "persons", "commands", "results")


def run(place: Place) -> Sequence[Line]:
    """Three starts each: after a crash (no snapshot), and after a clean end (with one)."""
    return asyncio.run(_run(place))


async def _run(place: Place) -> Sequence[Line]:
    empty = await _service(place, "cold0-", 0, 0)
    big = await _service(place, "cold1-", 1, place.records)
    many = await _service(place, "cold2-", min(CAMPAIGNS, place.records), 1)
    memory = (big.rss - empty.rss) / place.records
    return [
        Line("without a history", empty.replayed_s, "", "s", f"{empty.rss / 1e6:.0f} MB"),
        Line(
            f"{place.records:,} records of one campaign, an attempt each, no snapshot",
            big.replayed_s,
            "<= 5",
            "s",
            f"{big.events:,} events, {big.rss / 1e6:.0f} MB",
        ),
        Line("the same with a snapshot", big.restored_s, "", "s"),
        Line(
            f"{CAMPAIGNS:,} campaigns, no snapshot", many.replayed_s, "<= 10", "s", f"{many.events:,} events"
        ),
        Line("the same with a snapshot", many.restored_s, "", "s"),
        Line("memory of the writer per record", memory, "", "bytes"),
        *[
            Line(f"{name} on disk per record and attempt", size, "", "bytes")
            for name, size in big.disk.items()
        ],
    ]


@dataclass(slots=True)
class Started:
    """What the starts of one history took, and what the history takes."""

    replayed_s: float = 0.0
    restored_s: float = 0.0
    rss: int = 0
    events: int = 0
    disk: dict[str, float] = field(default_factory=dict)


async def _service(place: Place, prefix: str, campaigns: int, records: int) -> Started:
    kafka = KafkaConfig(place.bootstrap, prefix=prefix)
    await _prepare(kafka)
    history = History(LAYOUT.partitions, time.time_ns() // 1000)
    for number in range(campaigns):
        history.add(f"c{number}", records, is_dialled=campaigns == 1)
    for part, blocks in history.blocks.items():
        await append(kafka, "outdial.persons", blocks, partition=part)
    for part, commands in history.commands.items():
        await append(kafka, "outdial.commands", commands, partition=part)
    folder = Path(place.folder) / prefix
    folder.mkdir()
    sent = sum(map(len, history.commands.values()))
    first = _start(kafka, folder)
    await _answered(kafka, sent)
    await first.stop()
    shutil.rmtree(folder / "command", ignore_errors=True)
    found = Started()
    async with _Client(kafka) as sender:
        found.replayed_s, found.rss = await _first_answer(kafka, folder, sender, "without")
        found.restored_s, _ = await _first_answer(kafka, folder, sender, "with")
    ends = await high_watermarks(kafka, "outdial.events", range(LAYOUT.partitions))
    found.events = sum(ends.values())
    found.disk = {name: _bytes(place, f"{prefix}outdial.{name}-") / max(1, records) for name in LOGS}
    return found


class _Client(CommandSender):
    def __init__(self, kafka: KafkaConfig) -> None:
        super().__init__(kafka, LAYOUT.partitions, "bench")

    async def __aenter__(self) -> CommandSender:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def _prepare(kafka: KafkaConfig) -> None:
    await topics.apply(kafka, LAYOUT)
    await SchemaTopic(kafka).prepare(LAYOUT.partitions, CODEC)


def _start(kafka: KafkaConfig, folder: Path) -> Instance:
    settings = {
        "OUTDIAL_KAFKA": kafka.bootstrap,
        "OUTDIAL_KAFKA_PREFIX": kafka.prefix,
        "OUTDIAL_LAYOUT": "local",
        "OUTDIAL_PHONE_KEY": "secret",
        "OUTDIAL_INSTANCE": "cold",
        "OUTDIAL_DATA": str(folder),
    }
    return Instance("command", ["services.command"], folder / "command.log", dict(os.environ) | settings)


async def _first_answer(
    kafka: KafkaConfig, folder: Path, sender: CommandSender, mark: str
) -> tuple[float, int]:
    """Seconds from the start of the process to the answers of every partition; and its memory then."""
    began = time.monotonic()
    instance = _start(kafka, folder)
    asked = [
        sender.send(Request(campaign, command, f"{mark}-{campaign}", "bench", ttl_s=0), TIMEOUT_S)
        for campaign in _one_of_each_partition()
        for command in [StartCampaign() if mark == "without" else StopCampaign()]
    ]
    await asyncio.gather(*asked)
    took = time.monotonic() - began
    memory = psutil.Process(instance.process.pid).memory_info().rss
    await instance.stop()
    return took, memory


def _one_of_each_partition() -> Sequence[str]:
    """c0, and campaigns that need not be there: a refusal is an answer too."""
    return [f"c{number}" for number in range(4 * LAYOUT.partitions)]


async def _answered(kafka: KafkaConfig, count: int) -> None:
    """Wait until so many answers stand in the log."""
    found = 0
    while found < count:
        found = 0
        async with aclosing(
            replay(kafka, "outdial.results", dict.fromkeys(range(LAYOUT.partitions), 0))
        ) as batches:
            async for _, records in batches:
                found += len(records)
        await asyncio.sleep(1)


def _bytes(place: Place, name: str) -> int:
    folders = [one for one in Path(place.folder).rglob(f"{name}*") if one.is_dir()]
    return sum(file.stat().st_size for one in folders for file in one.rglob("*.log"))
