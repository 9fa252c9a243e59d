"""Broker and database of their own in one folder, on free ports: a context manager for tests."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from deploy.local.folder import free_port, until
from deploy.local.kafka import Broker, bootstrap_of, cluster
from deploy.local.postgres import Database
from outdial.runtime import children

START_TIMEOUT_S: Final = 60.0


class PlatformFailed(Exception):
    """A part did not start; shows the end of its log."""


class LocalPlatform:
    """Running between enter and exit; its parts can be stopped, killed and started again on the same data."""

    def __init__(self, folder: Path, *, brokers: int = 1, database: bool = True) -> None:
        self.folder = folder
        self.brokers = cluster(folder, brokers, lambda _: free_port())
        self.database = Database(folder / "database", free_port())
        self._servers: dict[str, Broker | Database] = {broker.name: broker for broker in self.brokers}
        if database:
            self._servers["database"] = self.database
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap(self) -> str:
        return bootstrap_of(self.brokers)

    @property
    def dsn(self) -> str:
        return self.database.dsn

    def pid(self, part: str) -> int:
        """The process of a part that runs."""
        return self._running[part].pid

    def __enter__(self) -> Self:
        with ThreadPoolExecutor() as both:  # each waits for a program of its own
            list(both.map(lambda server: server.prepare(), self._servers.values()))
        for part in self._servers:
            self.launch(part)
        for part in self._servers:
            self.wait(part)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in reversed(self._servers):
            if part == "database":
                self.stop(part)
            else:
                self.kill(part)  # nobody reads its log again; a clean stop takes longer

    def start(self, part: str) -> None:
        """Start a part that was stopped or killed; returns when it answers."""
        self.launch(part)
        self.wait(part)

    def launch(self, part: str) -> None:
        """Start a part that was stopped or killed, without waiting. From the main thread (see `children.start`)."""
        self._servers[part].prepare()
        self._running[part] = children.start(self._servers[part].command())

    def wait(self, part: str) -> None:
        """Wait until a part answers. PlatformFailed when it ended instead, or took too long."""
        server, process = self._servers[part], self._running[part]
        until(lambda: process.poll() is not None or server.answers(), START_TIMEOUT_S)
        if process.poll() is not None or not server.answers():
            log = server.command().log
            raise PlatformFailed(f"the {part} did not start, see {log}: {log.read_text()[-2000:]}")

    def stop(self, part: str) -> None:
        """Stop a part cleanly."""
        command = self._servers[part].command()
        children.stop(self._running[part], command.stop_with, command.stop_within_s)

    def kill(self, part: str) -> None:
        """kill -9 of a part."""
        self._running[part].kill()
        self._running[part].wait(START_TIMEOUT_S)
