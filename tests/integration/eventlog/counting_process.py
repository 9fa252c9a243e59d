"""A writer of partition 0 as a process of its own, which kills itself at a named point if asked to."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.writer.ownership import FixedOwnership
from outdial.eventlog.writer.settings import WriterSettings
from tests.kit.counting import CountingDecider


class CrashPoint:
    """kill -9 of this process when the point is passed for the n-th time."""

    def __init__(self, name: str, on: int) -> None:
        self._name, self._left = name, on

    def __call__(self, point: str) -> None:
        if point == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


async def main(bootstrap: str, prefix: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    crash = CrashPoint(os.environ["CRASH_AT"], int(os.environ["CRASH_ON"]))
    settings = WriterSettings(CountingDecider, lambda: time.time_ns() // 1000, crash=crash)
    await FixedOwnership(KafkaConfig(bootstrap, prefix=prefix), settings, [0]).run(stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
