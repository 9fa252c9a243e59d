"""Broker and database of their own in one folder, on free ports: a context manager for tests."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from deploy.local.folder import free_port, until
from deploy.local.kafka import Broker
from deploy.local.postgres import Database
from outdial.runtime import children

START_TIMEOUT_S: Final = 60.0
Part = Literal["broker", "database"]


class PlatformFailed(Exception):
    """A part did not start; shows the end of its log."""


class LocalPlatform:
    """Running between enter and exit; its parts can be stopped, killed and started again on the same data."""

    def __init__(self, folder: Path, *, kafka: bool = True, database: bool = True) -> None:
        self.broker = Broker(folder / "broker", free_port(), free_port())
        self.database = Database(folder / "database", free_port())
        self._parts: tuple[Part, ...] = (
            *(("broker",) if kafka else ()),
            *(("database",) if database else ()),
        )
        self._running: dict[Part, subprocess.Popen[bytes]] = {}

    @property
    def bootstrap(self) -> str:
        return self.broker.bootstrap

    @property
    def dsn(self) -> str:
        return self.database.dsn

    def pid(self, part: Part) -> int:
        """The process of a part that runs."""
        return self._running[part].pid

    def __enter__(self) -> Self:
        with ThreadPoolExecutor() as both:  # each waits for a program of its own
            list(both.map(lambda part: self._server(part).prepare(), self._parts))
        for part in self._parts:
            self._launch(part)
        for part in self._parts:
            self._wait(part)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in reversed(self._parts):
            if part == "broker":
                self.kill(part)  # nobody reads its log again; a clean stop takes longer
            else:
                self.stop(part)

    def start(self, part: Part) -> None:
        """Start a part that was stopped or killed; returns when it answers."""
        self._server(part).prepare()
        self._launch(part)
        self._wait(part)

    def stop(self, part: Part) -> None:
        """Stop a part cleanly."""
        command = self._server(part).command()
        children.stop(self._running[part], command.stop_with, command.stop_within_s)

    def kill(self, part: Part) -> None:
        """kill -9 of a part."""
        self._running[part].kill()
        self._running[part].wait(START_TIMEOUT_S)

    def _launch(self, part: Part) -> None:
        self._running[part] = children.start(self._server(part).command())

    def _server(self, part: Part) -> Broker | Database:
        return self.broker if part == "broker" else self.database

    def _wait(self, part: Part) -> None:
        server, process = self._server(part), self._running[part]
        until(lambda: process.poll() is not None or server.answers(), START_TIMEOUT_S)
        if process.poll() is not None or not server.answers():
            log = server.command().log
            raise PlatformFailed(f"the {part} did not start, see {log}: {log.read_text()[-2000:]}")
