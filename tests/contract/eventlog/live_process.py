"""A reader behind a live engine as a process of its own; its position and what it took in are lines of a file."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.live import faust_engine, plain
from outdial.eventlog.live.settings import LiveSettings
from outdial.eventlog.ports import LogRecord

POISON, STUCK = b"poison", b"stuck"


class FileHandler:
    """Appends a line per batch and syncs it: rows and position in one write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def positions(self, partitions: frozenset[int]) -> Mapping[int, int]:
        found = dict.fromkeys(partitions, 0)
        for line in self._path.read_text().splitlines():
            batch = json.loads(line)
            found[batch["partition"]] = batch["next"]
        return found

    async def handle(self, partition: int, records: Sequence[LogRecord]) -> None:
        if any(record.value == POISON for record in records):
            raise ValueError("poison")
        if any(record.value == STUCK for record in records):
            await asyncio.Event().wait()
        taken = [(record.value or b"").decode() for record in records]
        line = json.dumps({"partition": partition, "next": records[-1].offset + 1, "taken": taken})
        with self._path.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    async def revoked(self, partitions: frozenset[int]) -> None:
        return None


if __name__ == "__main__":
    engine, bootstrap, prefix, path = sys.argv[1:]
    settings = LiveSettings(
        KafkaConfig(bootstrap, prefix=prefix),
        "outdial.events",
        "live",
        session_timeout_s=2.0,
        heartbeat_s=0.4,
        data_folder=str(Path(path).parent),
        probe_every_s=0.2,
    )
    {"plain": plain, "faust": faust_engine}[engine].run(settings, FileHandler(Path(path)))
