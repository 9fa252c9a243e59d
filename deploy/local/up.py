"""`outdial up`: broker, database and all services on one machine, supervised; Ctrl-C stops all in order."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from deploy.local import children
from deploy.local.children import Command
from deploy.local.folder import DataFolder, FolderHeld, default_folder, is_free
from deploy.local.kafka import Broker, KafkaMissing, jars
from deploy.local.platform import answers
from deploy.local.postgres import Database, PostgresMissing
from outdial.eventlog import topics
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogUnavailable
from outdial.runtime.exits import Exit

SERVICES: Final = ("simulator", "command", "projection", "dialer", "api")
STOP_ORDER: Final = ("api", "dialer", "command", "projection", "simulator", "database", "broker")
START_TIMEOUT_S: Final = 60.0
QUICK_S: Final = 10.0  # a child that lives shorter than this ended quickly
GIVE_UP_AFTER: Final = 10  # quick ends in a row
LAST_BACKOFF_S: Final = 5.0
STOP_S: Final = 20.0
RECORDING_STOP_S: Final = 60.0


class GaveUp(Exception):
    """A part ends again and again; names its log."""


@dataclass(slots=True)
class Child:
    """One supervised process."""

    command: Command
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    quick_ends: int = 0
    restart_at: float = 0.0


def say(text: str) -> None:
    """One line for people."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Up:
    """Everything of one data folder, from start to stop."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder
        self._children: dict[str, Child] = {}
        self._broker: Broker | None = None
        self._database: Database | None = None
        self._stop = threading.Event()
        self.url = ""

    def start(self) -> None:
        """Start all parts; returns when the API is ready. GaveUp when a part does not come up."""
        began = time.monotonic()
        environ = {**self._platform(), **self._service_environ()}
        say(f"Kafka and PostgreSQL ready after {time.monotonic() - began:.1f} s")
        self._apply_topics(environ)
        for name in SERVICES:
            arguments = [sys.executable, "-m", f"services.{name}"]
            self._launch(Command(name, arguments, self._folder.path / "logs" / f"{name}.log", environ))
        self._wait("services", self._is_ready)
        say(
            f"console {self.url}  (ready after {time.monotonic() - began:.1f} s, data in {self._folder.path})"
        )

    def run(self) -> None:
        """Supervise until somebody asks to stop."""
        while not self._stop.wait(0.1):
            self.look_after()

    def ask_to_stop(self) -> None:
        """End `run`; safe in a signal handler."""
        self._stop.set()

    def look_after(self) -> None:
        """Restart what has ended, with growing pauses; GaveUp when it ends again and again."""
        for child in self._children.values():
            code = child.process.poll()
            if code is None:
                continue
            if not child.restart_at:
                self._note_end(child, code)
            if time.monotonic() >= child.restart_at:
                child.process, child.started, child.restart_at = (
                    children.start(child.command),
                    time.monotonic(),
                    0.0,
                )

    def stop(self) -> None:
        """Stop all parts in order, each within its time."""
        for name in STOP_ORDER:
            if child := self._children.pop(name, None):
                recording = name == "broker" and any("AOTCacheOutput" in a for a in child.command.arguments)
                number = signal.SIGINT if name == "database" else signal.SIGTERM
                code = children.stop(child.process, number, RECORDING_STOP_S if recording else STOP_S)
                if recording and self._broker is not None and code in (0, 128 + signal.SIGTERM):
                    self._broker.keep_start_up_cache()

    def _note_end(self, child: Child, code: int) -> None:
        lived = time.monotonic() - child.started
        child.quick_ends = child.quick_ends + 1 if lived < QUICK_S else 0
        if child.quick_ends > GIVE_UP_AFTER:
            raise GaveUp(
                f"{child.command.name} ended {child.quick_ends} times in a row, see {child.command.log}"
            )
        pause = min(0.1 * 2**child.quick_ends, LAST_BACKOFF_S) if child.quick_ends else 0.0
        child.restart_at = time.monotonic() + pause
        say(
            f"{child.command.name} ended with {code} after {lived:.1f} s, see {child.command.log}; starting it again"
        )

    def _platform(self) -> dict[str, str]:
        """Start broker and database side by side, unless they are somewhere else."""
        environ: dict[str, str] = {}
        if "OUTDIAL_KAFKA" not in os.environ:
            folder = self._folder
            self._broker = Broker(
                folder.path / "broker", folder.port("broker"), folder.port("controller"), record=True
            )
            self._broker.prepare()
            self._launch(self._broker.command())
            environ["OUTDIAL_KAFKA"] = self._broker.bootstrap
        if "OUTDIAL_DATABASE" not in os.environ and "OUTDIAL_DATABASE_FILE" not in os.environ:
            self._database = Database(self._folder.path / "database", self._folder.port("database"))
            self._database.prepare()
            self._launch(self._database.command())
            environ["OUTDIAL_DATABASE"] = self._database.dsn
        if self._broker is not None:
            port = self._broker.port
            self._wait("broker", lambda: answers(port))
        if self._database is not None:
            self._wait("database", self._database.is_ready)
        return environ

    def _service_environ(self) -> dict[str, str]:
        folder = self._folder
        address = os.environ.get("OUTDIAL_HTTP", "")
        if not address:
            address = f"127.0.0.1:{folder.port('http', 8080)}"
        self.url = f"http://{address}"
        defaults = {
            "OUTDIAL_HTTP": address,
            "OUTDIAL_DATA": str(folder.path),
            "OUTDIAL_LAYOUT": "local",
            "OUTDIAL_TELEPHONY": "simulator",
            "OUTDIAL_ALLOW_SIMULATOR": "1",
            "OUTDIAL_SIMULATOR_HTTP": f"127.0.0.1:{folder.port('simulator')}",
            "OUTDIAL_DIALER_HTTP": f"127.0.0.1:{folder.port('dialer')}",
            "OUTDIAL_SIMULATOR_SEED": "1",
        }
        given = {name: os.environ.get(name, value) for name, value in defaults.items()}
        if "OUTDIAL_PHONE_KEY" not in os.environ:
            given["OUTDIAL_PHONE_KEY_FILE"] = str(folder.secret("phone.key"))
        (folder.path / "url").write_text(self.url)
        return {**given, "OUTDIAL_DATA": str(folder.path), "OUTDIAL_HTTP": address}

    def _apply_topics(self, environ: dict[str, str]) -> None:
        kafka = KafkaConfig(environ.get("OUTDIAL_KAFKA", os.environ.get("OUTDIAL_KAFKA", "")))
        made = asyncio.run(_apply_when_reachable(kafka))
        if made:
            say(f"topics made, one replica each (a single machine keeps no copies): {', '.join(made)}")

    def _launch(self, command: Command) -> None:
        self._children[command.name] = Child(command, children.start(command))

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + START_TIMEOUT_S
        while not ready():
            if self._stop.wait(0.05):
                raise KeyboardInterrupt
            self.look_after()
            if time.monotonic() > end:
                raise GaveUp(
                    f"{what} not ready within {START_TIMEOUT_S:.0f} s, see {self._folder.path / 'logs'}"
                )

    def _is_ready(self) -> bool:
        try:
            told = httpx.get(f"{self.url}/health/ready", timeout=2.0)
            return told.status_code == httpx.codes.OK and told.json().get("log") == "connected"
        except httpx.HTTPError:
            return False


async def _apply_when_reachable(kafka: KafkaConfig) -> Sequence[str]:
    layout = topics.Layout.named("local")
    for _ in range(100):  # an open port is not yet a broker that answers
        try:
            made = await topics.apply(kafka, layout)
            await topics.check(kafka, layout)
        except LogUnavailable:
            await asyncio.sleep(0.1)
        else:
            return made
    raise GaveUp(f"Kafka at {kafka.bootstrap} does not answer")


def main() -> int:
    """Blocking; the exit code of `outdial up`."""
    folder = DataFolder(
        Path(os.environ["OUTDIAL_DATA"]) if os.environ.get("OUTDIAL_DATA") else default_folder()
    )
    try:
        folder.hold()
        check_address()
        if "OUTDIAL_KAFKA" not in os.environ:
            jars()
    except (FolderHeld, KafkaMissing, OSError) as error:
        sys.stderr.write(f"outdial up: {error}\n")
        return Exit.INFRASTRUCTURE
    up = Up(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: up.ask_to_stop())
    try:
        up.start()
        up.run()
    except KeyboardInterrupt:
        return Exit.OK
    except (GaveUp, PostgresMissing, KafkaMissing) as error:
        sys.stderr.write(f"outdial up: {error}\n")
        return Exit.INFRASTRUCTURE
    finally:
        up.stop()
    return Exit.OK


def check_address() -> None:
    """OSError when OUTDIAL_HTTP names an address that is taken: a chosen one is never moved silently."""
    address = os.environ.get("OUTDIAL_HTTP", "")
    port = address.rpartition(":")[2]
    if port.isdecimal() and not is_free(int(port)):
        raise OSError(f"OUTDIAL_HTTP is {address} and somebody listens there already")


if __name__ == "__main__":
    sys.exit(main())
