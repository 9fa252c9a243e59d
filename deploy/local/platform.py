"""Broker and database together, for `outdial up` and for tests."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from deploy.local import children
from deploy.local.folder import free_port
from deploy.local.kafka import Broker
from deploy.local.postgres import Database

START_TIMEOUT_S: Final = 60.0
STOP_S: Final = 20.0


class PlatformFailed(Exception):
    """A part did not start; names its log."""


class LocalPlatform:
    """A broker and a database of its own in a folder, on free ports. A context manager, for tests."""

    def __init__(self, folder: Path) -> None:
        self.broker = Broker(folder / "broker", free_port(), free_port())
        self.database = Database(folder / "database", free_port())
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap(self) -> str:
        return self.broker.bootstrap

    @property
    def dsn(self) -> str:
        return self.database.dsn

    def __enter__(self) -> Self:
        self.broker.prepare()
        self.database.prepare()
        for command in (self.broker.command(), self.database.command()):
            self._running[command.name] = children.start(command)
        self._wait("broker", lambda: answers(self.broker.port), self.broker.folder / "broker.log")
        self._wait("database", self.database.is_ready, self.database.folder / "database.log")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children.stop(self._running["database"], signal.SIGINT, STOP_S)
        children.stop(self._running["broker"], signal.SIGKILL, STOP_S)

    def _wait(self, name: str, ready: Callable[[], bool], log: Path) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while not ready():
            if self._running[name].poll() is not None or time.monotonic() > end:
                raise PlatformFailed(f"the {name} did not start, see {log}: {log.read_text()[-2000:]}")
            time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether somebody accepts connections."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
