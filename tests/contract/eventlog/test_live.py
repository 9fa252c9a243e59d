"""The live stream, one suite for both engines: committed records, in order, from the handler's own position."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.live.settings import EXIT_HANDLER, EXIT_STUCK
from tests.kit.fresh_log import fresh_log
from tests.kit.stack import wait_until

PROCESS = Path(__file__).parent / "live_process.py"
TIMEOUT_S = 40.0


class Reader:
    """An engine in its process, and what it has taken in so far."""

    def __init__(self, engine: str, kafka: KafkaConfig, path: Path) -> None:
        self.path = path
        path.touch()
        arguments = [sys.executable, str(PROCESS), engine, kafka.bootstrap, kafka.prefix, str(path)]
        self._said = path.with_name("said")
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(arguments, stdout=said, stderr=said)

    def said(self) -> list[str]:
        """The lines of its log."""
        return self._said.read_text().splitlines()

    def taken(self) -> list[str]:
        lines = self.path.read_text().splitlines()
        return [value for line in lines for value in json.loads(line)["taken"]]

    def wait_for(self, expected: list[str]) -> None:
        wait_until(lambda: len(self.taken()) >= len(expected), f"{len(expected)} records", TIMEOUT_S)
        assert self.taken() == expected


@pytest.fixture(params=["plain", "faust"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def kafka(bootstrap: str) -> KafkaConfig:
    return asyncio.run(fresh_log(bootstrap, f"l{uuid4().hex[:8]}-"))


@pytest.fixture
def start(engine: str, kafka: KafkaConfig, tmp_path: Path) -> Iterator[Callable[[], Reader]]:
    started: list[Reader] = []

    def begin() -> Reader:
        started.append(Reader(engine, kafka, tmp_path / "taken"))
        return started[-1]

    yield begin
    for reader in started:
        reader.process.kill()
        reader.process.wait()


def append(kafka: KafkaConfig, *transactions: tuple[bool, list[str]]) -> None:
    """Each transaction is committed or aborted."""

    async def run() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=f"{kafka.prefix}test")
        await producer.start()
        try:
            for is_committed, values in transactions:
                await producer.begin_transaction()
                for value in values:
                    await producer.send_and_wait(kafka.topic("outdial.events"), value.encode(), partition=0)
                await (producer.commit_transaction() if is_committed else producer.abort_transaction())
        finally:
            await producer.stop()

    asyncio.run(run())


def test_committed_records_come_in_order_and_aborted_ones_never(
    kafka: KafkaConfig, start: Callable[[], Reader]
) -> None:
    append(kafka, (True, ["a", "b"]), (False, ["never"]), (True, ["c"]))
    reader = start()

    reader.wait_for(["a", "b", "c"])
    append(kafka, (False, ["never"]), (True, ["d"]))

    reader.wait_for(["a", "b", "c", "d"])


def test_a_killed_reader_goes_on_where_its_handler_stood(
    kafka: KafkaConfig, start: Callable[[], Reader]
) -> None:
    append(kafka, (True, ["a", "b"]))
    first = start()
    first.wait_for(["a", "b"])
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    append(kafka, (True, ["c", "d"]))

    start().wait_for(["a", "b", "c", "d"])


def test_a_handler_that_raises_ends_the_process_and_its_batch_stays_unread(
    kafka: KafkaConfig, start: Callable[[], Reader]
) -> None:
    append(kafka, (True, ["a"]))
    reader = start()
    reader.wait_for(["a"])

    append(kafka, (True, ["poison"]))

    assert reader.process.wait(TIMEOUT_S) == EXIT_HANDLER
    assert reader.taken() == ["a"]


def test_sigterm_ends_it_cleanly(kafka: KafkaConfig, start: Callable[[], Reader]) -> None:
    append(kafka, (True, ["a"]))
    reader = start()
    reader.wait_for(["a"])
    began = time.monotonic()

    reader.process.terminate()

    assert reader.process.wait(TIMEOUT_S) == 0
    assert time.monotonic() - began < 10
    assert [line for line in reader.said() if "\x1b" in line] == [], "a log is no terminal"


def test_a_handler_that_stands_still_while_the_log_goes_on_ends_the_process(
    kafka: KafkaConfig, start: Callable[[], Reader]
) -> None:
    append(kafka, (True, ["a"]), (False, ["an aborted tail is no lag"]))
    reader = start()
    reader.wait_for(["a"])

    append(kafka, (True, ["stuck"]))

    assert reader.process.wait(TIMEOUT_S) == EXIT_STUCK
    assert reader.taken() == ["a"]
    assert reader.said()[-1] == "the handler stands still", "the last words are why it ended"
