"""Starts the command service: the single writer of the partitions it owns."""

import asyncio
import logging
import os
import socket
import time
from typing import Final

from prometheus_client import REGISTRY

from outdial.client.connecting import kafka_config, layout
from outdial.client.registry import SchemaTopic
from outdial.eventlog import topics
from outdial.eventlog.blocks import BlockReader
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogUnavailable
from outdial.eventlog.writer import points
from outdial.eventlog.writer.ownership import GroupOwnership
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.states import WriterState
from outdial.messages.codec import Codec
from outdial.runtime import service
from outdial.runtime.health import HealthServer, Readiness
from outdial.runtime.settings import Settings
from services.command.decider import CommandDecider, Rules
from services.command.erasing import Spans
from services.command.keeping import rules_of_this_program
from services.command.metrics import Metrics
from services.command.rows import RowReader

log = logging.getLogger(__name__)
START_PATIENCE_S: Final = 60.0
ERASURE_MARGIN_US: Final = 5_000_000
SECOND_US: Final = 1_000_000


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Own partitions and write them until `stop`; raises what cannot be recovered from."""
    kafka, plan = kafka_config(settings), layout(settings)
    codec = Codec()
    await _wait_for_broker(kafka, plan, codec)
    blocks = BlockReader(kafka, "outdial.persons")
    await blocks.start()
    rows = RowReader(codec, blocks, SchemaTopic(kafka), settings.phone_key.get_secret_value().encode())
    rules = Rules(
        plan.partitions,
        settings.delete_grace,
        spans(settings, plan),
        settings.stopped_allows,
        f"{rules_of_this_program()}-{rows.key_mark}",
    )
    metrics = Metrics(REGISTRY)
    writer = WriterSettings(
        decider=lambda partition: CommandDecider(partition, codec, rules, rows, metrics),
        clock=lambda: time.time_ns() // 1000,
        instance=f"command-{settings.instance or socket.gethostname()}",
        session_timeout_ms=int(settings.session_timeout * 1000),
        reached=points.switched_by(os.environ),
        snapshots=settings.folder("command"),
        observer=metrics,
    )
    ownership = GroupOwnership(kafka, writer)
    health = HealthServer(settings.admin, lambda: readiness(ownership))
    serving = asyncio.create_task(health.serve())
    try:
        await ownership.run(stop)
    finally:
        health.stop()
        await asyncio.wait([serving], timeout=5)
        await blocks.stop()


def spans(settings: Settings, plan: topics.Layout) -> Spans:
    """How long what is to go stays; a compacted file is on a broker's disk for a while."""
    config = topics.settings_of("outdial.persons", plan)
    return Spans(
        int(config["file.delete.delay.ms"]) * 1000 + ERASURE_MARGIN_US,
        int(settings.unreferenced_after * SECOND_US),
        settings.refused_kept * SECOND_US,
    )


def readiness(ownership: GroupOwnership) -> Readiness:
    """Ready when every partition that is ours is served."""
    writers = ownership.writers.by_partition
    waits = [
        f"partition {number} is {writer.state}: {writer.problem}"
        for number, writer in writers.items()
        if writer.state is not WriterState.SERVING
    ]
    positions = {number: writer.next_command for number, writer in writers.items()}
    states = {number: str(writer.state) for number, writer in writers.items()}
    details = {"commands": positions, "writers": states}
    return Readiness(tuple(waits) if writers else ("partitions",), details)


async def _wait_for_broker(kafka: KafkaConfig, plan: topics.Layout, codec: Codec) -> None:
    end = time.monotonic() + START_PATIENCE_S
    while True:
        try:
            await topics.check(kafka, plan)
            await SchemaTopic(kafka).prepare(plan.partitions, codec)
        except LogUnavailable:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.5)
        else:
            return


def main() -> None:
    """Blocking; exit code 0 after SIGTERM, 3 after an error."""
    settings = service.settings_of("command", "kafka", "phone_key")
    service.run("command", settings, serve)


if __name__ == "__main__":
    main()
