"""`outdial up`: broker, database and all services on one machine, supervised; Ctrl-C stops all in order."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx

from deploy.local.environ import base_url, health_url, own_environ, service_environ, services
from deploy.local.folder import DataFolder, FolderHeld, default_folder, is_free
from deploy.local.kafka import Broker, KafkaMissing, bootstrap_of, broker_name, cluster, jars
from deploy.local.postgres import Database, PostgresMissing
from outdial.client.connecting import kafka_config, layout
from outdial.eventlog import topics
from outdial.eventlog.ports import LogUnavailable
from outdial.runtime.children import Command
from outdial.runtime.exits import Exit
from outdial.runtime.settings import Settings, SettingsInvalid, load
from outdial.runtime.supervise import GaveUp, Supervisor
from outdial.runtime.wish import Wish

STOP_ORDER: Final = ("api", "dialer", "command", "projection", "simulator", "database")
LAYOUTS: Final = {1: "local", 3: "local-3"}  # of schemas/topics.yaml, by the number of brokers
START_TIMEOUT_S: Final = 600.0  # a long log is recovered and replayed after an unclean end
SAY_EVERY_S: Final = 10.0
LOOK_EVERY_S: Final = 0.02  # at the children: nobody answers until an end is noticed
BROKER_PATIENCE_S: Final = 20.0


class Stopped(Exception):
    """Somebody asked to stop while it was starting."""


def say(text: str) -> None:
    """One line for people."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Up:
    """Everything of one data folder, from start to stop."""

    def __init__(self, folder: DataFolder, given: Mapping[str, str], brokers: int = 1) -> None:
        self._folder = folder
        self._children = Supervisor(say)
        self._stop = Wish()
        self._brokers: list[Broker] = []
        self._database = None
        self._environ = service_environ(folder, given)
        if not given.get("OUTDIAL_KAFKA"):
            self._brokers = cluster(folder.path, brokers, folder.port)
            self._environ["OUTDIAL_KAFKA"] = bootstrap_of(self._brokers)
            self._environ["OUTDIAL_LAYOUT"] = LAYOUTS[brokers]
        if not given.get("OUTDIAL_DATABASE") and not given.get("OUTDIAL_DATABASE_FILE"):
            self._database = Database(folder.path / "database", folder.port("database"))
            self._environ["OUTDIAL_DATABASE"] = self._database.dsn
        self.url = base_url(self._environ["OUTDIAL_HTTP"])
        self.settings: Settings = load({**given, **self._environ})

    def start(self) -> None:
        """Start all parts; returns when every service is ready. GaveUp, or Stopped when somebody asked to stop."""
        began = time.monotonic()
        self._start_platform()
        say(f"Kafka and PostgreSQL ready after {time.monotonic() - began:.1f} s")
        self._apply_topics()
        (self._folder.path / "url").write_text(self.url)  # before anybody can find the API ready
        for service in services(self._environ):
            arguments = [sys.executable, "-m", f"services.{service}"]
            log = self._folder.path / "logs" / f"{service}.log"
            environ = self._environ | own_environ(service, self._folder)
            self._children.launch(Command(service, arguments, log, environ))
        if self.settings.telephony == "simulator":
            seed, speed = self.settings.simulator_seed, self.settings.simulator_speed
            say(f"telephone network: simulated, calls nobody (seed {seed}, {speed:g} seconds a second)")
        self._wait("services", self._services_wait_for)
        took = time.monotonic() - began
        say(f"console {self.url}  (ready after {took:.1f} s, data in {self._folder.path})")

    def run(self) -> None:
        """Supervise until somebody asks to stop. GaveUp when a part cannot be kept running."""
        while not self._stop.wait(LOOK_EVERY_S):
            self._children.look_after()

    def ask_to_stop(self) -> None:
        """End `run` or `start`; asked twice, nothing is waited for any more. Safe in a signal handler."""
        if self._stop.is_made:
            self._children.kill()
        self._stop.make()

    def stop(self) -> None:
        """Stop all parts in order, each within its time."""
        self._children.stop([*STOP_ORDER, *(broker.name for broker in self._brokers)])

    def _start_platform(self) -> None:
        servers: list[Broker | Database] = [*self._brokers]
        if self._database is not None:
            servers.append(self._database)
        with ThreadPoolExecutor() as both:  # each waits for a program of its own
            list(both.map(lambda server: server.prepare(), servers))
        for server in servers:
            self._children.launch(server.command())
        for server in servers:
            name = server.command().name
            self._wait(name, lambda server=server: [] if server.answers() else [f"port {server.port}"])  # type: ignore[misc]

    def _apply_topics(self) -> None:
        made = asyncio.run(_apply_when_reachable(self.settings))
        if made:
            say(f"topics made: {', '.join(made)}")
        if len(self._brokers) == 1:
            say("one broker keeps one copy of the log; production keeps three")

    def _services_wait_for(self) -> list[str]:
        with httpx.Client(timeout=2.0) as http:
            waiting = {
                service: _waits_for(http, health_url(service, self._folder, self._environ))
                for service in services(self._environ)
            }
        return [f"{service}: {', '.join(what)}" for service, what in waiting.items() if what]

    def _wait(self, what: str, waits_for: Callable[[], Sequence[str]]) -> None:
        end, say_at = time.monotonic() + START_TIMEOUT_S, time.monotonic() + SAY_EVERY_S
        while waiting := waits_for():
            if self._stop.wait(0.05):
                raise Stopped
            self._children.look_after()
            if time.monotonic() > end:
                raise GaveUp(
                    f"{what} not ready within {START_TIMEOUT_S:.0f} s, waiting for {'; '.join(waiting)}"
                )
            if time.monotonic() > say_at:
                say_at += SAY_EVERY_S
                say(f"waiting for {what}: {'; '.join(waiting)}")


def _waits_for(http: httpx.Client, url: str) -> list[str]:
    try:
        told = http.get(url)
        body = told.json()
    except (httpx.HTTPError, ValueError):
        return ["its answer"]
    if told.status_code != httpx.codes.OK:
        return list(body.get("waits_for") or body.get("waiting_for") or ["itself"])
    return ["the log"] if body.get("log", "connected") != "connected" else []


async def _apply_when_reachable(settings: Settings) -> Sequence[str]:
    kafka, spread = kafka_config(settings), layout(settings)
    end = time.monotonic() + BROKER_PATIENCE_S
    while True:  # an open port is not yet a broker that answers
        try:
            made = await topics.apply(kafka, spread)
            await topics.check(kafka, spread)
        except LogUnavailable as error:
            if time.monotonic() > end:
                raise GaveUp(f"Kafka at {kafka.bootstrap} does not answer: {error}") from error
            await asyncio.sleep(0.1)
        except topics.TopicsDiffer as error:
            raise GaveUp(f"the topics at {kafka.bootstrap} are not ours: {error}") from error
        else:
            return made


def main(arguments: Sequence[str]) -> int:
    """Blocking; the exit code of `outdial up`."""
    parser = argparse.ArgumentParser("outdial up", description="Run broker, database and all services here.")
    parser.add_argument(
        "--brokers",
        type=int,
        choices=sorted(LAYOUTS),
        help="3: a cluster that goes on when one of them dies (default: as the data folder was made, else 1)",
    )
    asked = parser.parse_args(arguments)
    folder = DataFolder(Path(os.environ.get("OUTDIAL_DATA") or default_folder()))
    try:
        folder.hold()
        check_address(os.environ.get("OUTDIAL_HTTP", ""))
        if not os.environ.get("OUTDIAL_KAFKA"):
            jars()
        up = Up(folder, os.environ, brokers_of(folder.path, asked.brokers))
    except SettingsInvalid as error:
        sys.stderr.write("outdial up cannot start:\n  " + "\n  ".join(error.lines) + "\n")
        return Exit.USAGE
    except (FolderHeld, KafkaMissing, OSError) as error:
        sys.stderr.write(f"outdial up: {error}\n")
        return Exit.INFRASTRUCTURE
    return supervise(up)


def brokers_of(folder: Path, asked: int | None) -> int:
    """How many brokers the data is kept by. OSError when that is not what was asked for."""
    made = next((count for count in LAYOUTS if (folder / broker_name(1, count)).exists()), None)
    if asked is not None and made is not None and asked != made:
        raise OSError(
            f"{folder} was made with --brokers {made}; set OUTDIAL_DATA to another folder for {asked}"
        )
    return made or asked or 1


def supervise(up: Up) -> int:
    """Start, run, stop; the exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: up.ask_to_stop())
    try:
        up.start()
        up.run()
    except Stopped:
        return Exit.OK
    except GaveUp as error:
        sys.stderr.write(f"outdial up: {error}\n")
        return error.code
    except (PostgresMissing, KafkaMissing) as error:
        sys.stderr.write(f"outdial up: {error}\n")
        return Exit.INFRASTRUCTURE
    finally:
        up.stop()
    return Exit.OK


def check_address(address: str) -> None:
    """OSError when OUTDIAL_HTTP names an address that is taken: a chosen one is never moved silently."""
    port = address.rpartition(":")[2]
    if port.isdecimal() and not is_free(int(port)):
        raise OSError(f"OUTDIAL_HTTP is {address} and somebody listens there already")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
