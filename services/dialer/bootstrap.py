"""Makes the dialer from the settings and runs it until it is asked to stop."""

import asyncio
import os
import socket
import time
import zoneinfo
from importlib.metadata import version
from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY

from outdial.client.connecting import kafka_config, layout
from outdial.client.link import KafkaLink
from outdial.client.registry import SchemaTopic
from outdial.eventlog import topics
from outdial.eventlog.blocks import BlockReader
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.lease import Lease
from outdial.eventlog.ports import LogUnavailable
from outdial.runtime.health import HealthServer
from outdial.runtime.settings import Settings, SettingsInvalid
from outdial.telephony.connecting import telephony_of
from services.dialer.clocks import Clocks
from services.dialer.do_not_call import DoNotCall
from services.dialer.fold import Fold
from services.dialer.following import Follower
from services.dialer.metrics import Metrics
from services.dialer.parts import Parts
from services.dialer.person_blocks import PersonBlocks
from services.dialer.phones import Phones
from services.dialer.plan import Limits
from services.dialer.sending import Commands
from services.dialer.wishes import Wishes
from services.dialer.worker import Desk, Dialer

START_PATIENCE_S: Final = 60.0
SOURCE: Final = "outdial/dialer"


def wall_clock_us() -> int:
    """Microseconds UTC of this machine."""
    return time.time_ns() // 1000


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Run until `stop`."""
    kafka, spread = kafka_config(settings), layout(settings)
    await _wait_for_broker(kafka, spread)
    link = KafkaLink(kafka, spread.partitions, SOURCE)
    sender = link.sender
    blocks, telephony = BlockReader(kafka, "outdial.persons"), telephony_of(settings)
    clocks, fold = Clocks(), Fold(sender.codec)
    commands = Commands(sender, clocks, wall_clock_us)
    persons = PersonBlocks(blocks, sender.codec, SchemaTopic(kafka), spread.partitions)
    phones, metrics = Phones(persons), Metrics(REGISTRY)
    parts = Parts(
        fold,
        commands,
        telephony,
        clocks,
        metrics,
        wall_clock_us,
        spread.partitions,
        DoNotCall(fold, phones, persons, metrics),
    )
    holder = f"{settings.dialer_group}/{socket.gethostname()}/{os.getpid()}"
    dialer = Dialer(
        parts,
        Follower(kafka, spread.partitions, sender.codec, fold),
        Lease(kafka, "outdial.leases", group_number(settings), holder),
        Desk(phones, Wishes(link, sender.codec, spread.partitions)),
        settings.dialer_group,
    )
    health = HealthServer(settings.admin, dialer.readiness)
    serving = asyncio.create_task(health.serve())
    await link.start()
    await blocks.start()
    await telephony.start()
    running = asyncio.create_task(dialer.run(settings.dialer_http, Limits(tzdata_version=tz_version()), stop))
    deaf = asyncio.create_task(sender.broken())
    try:
        await asyncio.wait([running, deaf], return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise LogUnavailable("answers are no longer heard")
        running.result()
    finally:
        for task in (running, deaf):
            task.cancel()
        await asyncio.wait([running, deaf], timeout=settings.shutdown_grace)
        health.stop()
        await asyncio.wait([serving], timeout=5)
        await telephony.stop()
        await blocks.stop()
        await link.stop()


def group_number(settings: Settings) -> int:
    """The place of this dialer's group, which is its lease partition; SettingsInvalid for an unknown group."""
    if settings.dialer_group not in settings.dialer_groups:
        known = ",".join(settings.dialer_groups)
        line = f"OUTDIAL_DIALER_GROUP holds {settings.dialer_group!r}; it should hold one of {known}"
        raise SettingsInvalid([line])
    return settings.dialer_groups.index(settings.dialer_group)


def tz_version() -> str:
    """The version of the zone data that this process judges calling windows by."""
    for folder in zoneinfo.TZPATH:
        file = Path(folder) / "tzdata.zi"
        if file.is_file():
            return file.open(encoding="ascii").readline().removeprefix("# version ").strip()
    return f"package {version('tzdata')}"


async def _wait_for_broker(kafka: KafkaConfig, spread: topics.Layout) -> None:
    end = time.monotonic() + START_PATIENCE_S
    while True:
        try:
            await topics.check(kafka, spread)
        except LogUnavailable:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.5)
        else:
            return
