"""The frame of a service process: settings, logs, signals, and an exit code that says what happened."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from outdial.runtime import logs
from outdial.runtime.exits import Exit
from outdial.runtime.settings import Settings, SettingsInvalid, load, require

log = logging.getLogger(__name__)
# Python looks for cycles every 700 objects that live on: a third of the writer's time, as what is folded lives on
OBJECTS_BEFORE_COLLECTION: Final = (50_000, 20, 50)
Main = Callable[[Settings, asyncio.Event], Awaitable[None]]


def settings_of(service: str, *required: str) -> Settings:
    """The checked settings of a service, its logs set up; ends the process with 2 when one is wrong."""
    try:
        settings = load()
        require(settings, *required)
    except SettingsInvalid as error:
        sys.stderr.write(f"{service} cannot start:\n  " + "\n  ".join(error.lines) + "\n")
        sys.exit(Exit.USAGE)
    logs.set_up(service, settings.log_level, settings.log_format)
    return settings


def run(service: str, settings: Settings, main: Main) -> None:
    """Run `main(settings, stop)`; SIGTERM and SIGINT set `stop`. Exit 0 after a clean end, 3 after an error."""
    gc.set_threshold(*OBJECTS_BEFORE_COLLECTION)
    try:
        asyncio.run(_until_stopped(settings, main))
    except Exception:
        log.exception("%s failed", service)
        logging.shutdown()
        os._exit(Exit.INFRASTRUCTURE)  # other threads and clients must not keep a failed process


async def _until_stopped(settings: Settings, main: Main) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(settings, stop)
