"""The single writer on the real broker: commands become events and answers together, whoever dies when."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import IntegrityError, LogRecord, Message
from outdial.eventlog.replay import follow, replay
from outdial.eventlog.writer.ownership import FixedOwnership, GroupOwnership
from outdial.eventlog.writer.settings import WriterSettings
from tests.kit.counting import CountingDecider, counting_command
from tests.kit.fresh_log import fresh_log
from tests.kit.until import until

TIMEOUT_S = 30.0
SESSION_S = 12.0
NEVER_MS = 600_000  # as a pause before something is asked again
PROCESS = Path(__file__).parent / "counting_process.py"
CRASH_POINTS = ["after-read", "after-decide", "after-send", "before-commit", "after-commit"]


def now_us() -> int:
    return time.time_ns() // 1000


@pytest.fixture
async def kafka(bootstrap: str) -> KafkaConfig:
    return await fresh_log(bootstrap, f"w{uuid4().hex[:8]}-")


@pytest.fixture
async def appender(kafka: KafkaConfig) -> AsyncIterator[Appender]:
    found = Appender(kafka)
    await found.start()
    yield found
    await found.stop()


async def read(kafka: KafkaConfig, topic: str) -> list[LogRecord]:
    return [record async for _, records in replay(kafka, topic, {0: 0}) for record in records]


async def results_of(kafka: KafkaConfig, count: int) -> list[LogRecord]:
    """Wait until the results topic holds this many."""
    found: list[LogRecord] = []
    async with asyncio.timeout(TIMEOUT_S):
        async with aclosing(follow(kafka, "outdial.results", {0: 0}, wait_s=0.1)) as batches:
            async for batch in batches:
                found += batch.get(0, ())
                if len(found) >= count:
                    return found
    raise AssertionError("unreachable")


class Served:
    """A writer of partition 0 in this process."""

    def __init__(self, kafka: KafkaConfig, settings: WriterSettings, *, by_group: bool = False) -> None:
        self.stop = asyncio.Event()
        self.ownership = GroupOwnership(kafka, settings) if by_group else FixedOwnership(kafka, settings, [0])
        self.task = asyncio.create_task(self.ownership.run(self.stop))

    @property
    def member(self) -> AIOKafkaConsumer:
        """The consumer by which it is a member of its group."""
        assert isinstance(self.ownership, GroupOwnership)
        return self.ownership._consumer

    @property
    def has_it(self) -> bool:
        """Whether the partition is written here."""
        return 0 in self.ownership.writers.by_partition

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.task, TIMEOUT_S)


async def test_every_command_has_its_event_and_its_answer(kafka: KafkaConfig, appender: Appender) -> None:
    served = Served(kafka, WriterSettings(CountingDecider, now_us))
    for number in range(20):
        await appender.append("outdial.commands", 0, counting_command(f"s{number % 3}", f"c{number}"))

    answers = await results_of(kafka, 20)

    await served.end()
    events = await read(kafka, "outdial.events")
    assert [record.value for record in events] == [record.value for record in answers]
    assert [json.loads(record.value or b"")[2] for record in events] == [f"c{n}" for n in range(20)]


async def test_a_repeated_command_is_answered_as_the_first_time_also_by_the_next_owner(
    kafka: KafkaConfig, appender: Appender
) -> None:
    first = Served(kafka, WriterSettings(CountingDecider, now_us))
    await appender.append("outdial.commands", 0, counting_command("s", "c"))
    before = await results_of(kafka, 1)
    await first.end()
    second = Served(kafka, WriterSettings(CountingDecider, now_us))

    await appender.append("outdial.commands", 0, counting_command("s", "c"))
    after = await results_of(kafka, 2)

    await second.end()
    assert after[1].value == before[0].value
    assert len(await read(kafka, "outdial.events")) == 1


async def test_an_opening_asks_the_broker_nothing_in_vain(
    kafka: KafkaConfig, appender: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = WriterSettings(CountingDecider, now_us)
    first = Served(kafka, settings)
    await appender.append("outdial.commands", 0, counting_command("s", "c0"))
    await results_of(kafka, 1)
    await first.end()
    monkeypatch.setattr("outdial.eventlog.kafka.RETRY_BACKOFF_MS", NEVER_MS)

    second = Served(kafka, settings)
    await appender.append("outdial.commands", 0, counting_command("s", "c1"))

    assert len(await results_of(kafka, 2)) == 2
    await second.end()


@pytest.mark.parametrize("window_us", [24 * 3600 * 1_000_000, 0], ids=["lately", "at rest for long"])
async def test_a_broker_that_has_forgotten_the_groups_offset_has_nothing_carried_out_again(
    kafka: KafkaConfig, appender: Appender, window_us: int
) -> None:
    settings = WriterSettings(CountingDecider, now_us, results_window_us=window_us)
    first = Served(kafka, settings)
    for number in range(5):
        await appender.append("outdial.commands", 0, counting_command("s", f"c{number}"))
    await results_of(kafka, 5)
    await first.end()

    forgotten = replace(settings, group="a-group-without-an-offset")
    second = Served(kafka, forgotten)
    await appender.append("outdial.commands", 0, counting_command("s", "c5"))
    await results_of(kafka, 6)
    await second.end()

    answers = [json.loads(record.value or b"")[2] for record in await read(kafka, "outdial.results")]
    assert answers == [f"c{number}" for number in range(6)]
    assert len(await read(kafka, "outdial.events")) == 6


async def test_a_membership_that_the_coordinator_ends_is_begun_anew(
    kafka: KafkaConfig, appender: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = WriterSettings(CountingDecider, now_us, session_timeout_ms=3_000)
    served = Served(kafka, settings, by_group=True)
    await appender.append("outdial.commands", 0, counting_command("s", "c0"))
    await results_of(kafka, 1)
    real, refused = AIOKafkaConsumer.getmany, list[str]()

    async def getmany(self: AIOKafkaConsumer, *args: Any, **given: Any) -> Any:
        if self is served.member and not refused:
            refused.append("once")
            raise KafkaError("GroupLoadInProgressError()")
        return await real(self, *args, **given)

    monkeypatch.setattr(AIOKafkaConsumer, "getmany", getmany)
    await until(lambda: bool(refused), "the membership is lost")

    await appender.append("outdial.commands", 0, counting_command("s", "c1"))
    answers = await results_of(kafka, 2)
    await served.end()
    assert [json.loads(record.value or b"")[2] for record in answers] == ["c0", "c1"]
    assert len(await read(kafka, "outdial.events")) == 2


async def test_a_clean_stop_hands_over_long_before_the_session_would_end(
    kafka: KafkaConfig, appender: Appender
) -> None:
    settings = WriterSettings(CountingDecider, now_us, session_timeout_ms=int(SESSION_S * 1000))
    members = [Served(kafka, replace(settings, instance="a"), by_group=True)]
    await appender.append("outdial.commands", 0, counting_command("s", "c0"))
    await results_of(kafka, 1)
    members.append(Served(kafka, replace(settings, instance="b"), by_group=True))
    await until(partial(has_members, kafka, 2), "the second one is a member")
    await until(lambda: sum(one.has_it for one in members) == 1, "one of them has the partition")
    owner, heir = sorted(members, key=lambda one: not one.has_it)

    await owner.end()
    await appender.append("outdial.commands", 0, counting_command("s", "c1"))
    answers = await asyncio.wait_for(results_of(kafka, 2), SESSION_S * 2 / 3)

    await heir.end()
    assert [json.loads(record.value or b"")[1:] for record in answers] == [[1, "c0"], [2, "c1"]]


async def test_a_member_that_is_alone_keeps_its_place_over_a_restart(
    kafka: KafkaConfig, appender: Appender
) -> None:
    settings = WriterSettings(CountingDecider, now_us, instance="a")
    first = Served(kafka, settings, by_group=True)
    await appender.append("outdial.commands", 0, counting_command("s", "c0"))
    await results_of(kafka, 1)

    await first.end()

    assert await has_members(kafka, 1)


async def has_members(kafka: KafkaConfig, count: int) -> bool:
    """Whether the group of the owners is settled and has so many members."""
    admin = AIOKafkaAdminClient(**kafka.client())
    await admin.start()
    try:
        answers = await admin.describe_consumer_groups([kafka.topic("outdial-command-owners")])
    finally:
        await admin.close()
    group = answers[0].to_object()["groups"][0]
    return group["state"] == "Stable" and len(group["members"]) == count


async def test_a_fenced_writer_appends_nothing_more_and_reopens_behind_the_new_owner(
    kafka: KafkaConfig, appender: Appender
) -> None:
    old = Served(kafka, WriterSettings(CountingDecider, now_us))
    await appender.append("outdial.commands", 0, counting_command("s", "c1"))
    await results_of(kafka, 1)
    new = Served(kafka, WriterSettings(CountingDecider, now_us))
    await asyncio.sleep(0)  # the writer's task begins
    await asyncio.wait_for(new.ownership.writers.by_partition[0].opened.wait(), TIMEOUT_S)

    for number in range(2, 12):
        await appender.append("outdial.commands", 0, counting_command("s", f"c{number}"))
    await results_of(kafka, 11)

    await new.end()
    await old.end()
    counts = [json.loads(record.value or b"")[1] for record in await read(kafka, "outdial.events")]
    assert counts == list(range(1, 12))


@pytest.mark.parametrize("point", CRASH_POINTS)
async def test_a_writer_killed_at_any_point_loses_and_doubles_nothing(
    kafka: KafkaConfig, appender: Appender, point: str
) -> None:
    victim = start_writer(kafka, crash_at=f"{point}:2")
    for number in range(8):
        await appender.append("outdial.commands", 0, counting_command("s", f"c{number}"))
        if number == 2:
            await results_of(kafka, 1)
    assert victim.wait(TIMEOUT_S) == -signal.SIGKILL
    heir = start_writer(kafka)

    await results_of(kafka, 8)

    heir.terminate()
    assert heir.wait(TIMEOUT_S) == 0
    events = [json.loads(record.value or b"") for record in await read(kafka, "outdial.events")]
    assert [event[1] for event in events] == list(range(1, 9))
    assert [event[2] for event in events] == [f"c{number}" for number in range(8)]


async def test_a_gap_in_the_history_ends_the_writer_loudly(kafka: KafkaConfig, appender: Appender) -> None:
    await appender.append("outdial.events", 0, Message(b"s", json.dumps(["s", 2, "x"]).encode()))
    served = Served(kafka, WriterSettings(CountingDecider, now_us))

    with pytest.raises(IntegrityError, match="s has 0, read 2 at 0"):
        await asyncio.wait_for(served.task, TIMEOUT_S)


def start_writer(kafka: KafkaConfig, crash_at: str = "") -> subprocess.Popen[bytes]:
    environ = {**os.environ, "OUTDIAL_CRASH_AT": crash_at}
    return subprocess.Popen([sys.executable, str(PROCESS), kafka.bootstrap, kafka.prefix], env=environ)
