"""A writer of partition 0 as a process of its own, which kills itself at a named point if asked to."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.writer import points
from outdial.eventlog.writer.ownership import FixedOwnership
from outdial.eventlog.writer.settings import WriterSettings
from tests.kit.counting import CountingDecider


async def main(bootstrap: str, prefix: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    reached = points.switched_by(os.environ)
    settings = WriterSettings(CountingDecider, lambda: time.time_ns() // 1000, reached=reached)
    await FixedOwnership(KafkaConfig(bootstrap, prefix=prefix), settings, [0]).run(stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
