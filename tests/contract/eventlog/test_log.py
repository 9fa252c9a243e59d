"""What every log promises: order, nothing half, one writer at a time. One suite for Kafka and its twin in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.memory import Fenced
from outdial.eventlog.ports import Decision, LogRecord, Message
from tests.contract.eventlog.logs import InMemory, KafkaLog, Log
from tests.kit.counting import CountingDecider, counting_command

EVENTS, RESULTS, COMMANDS = "outdial.events", "outdial.results", "outdial.commands"


@pytest.fixture(params=["kafka", "memory"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield InMemory()
        return
    bootstrap = request.getfixturevalue("bootstrap")
    on_kafka = KafkaLog(KafkaConfig(bootstrap, prefix=f"c{uuid4().hex[:8]}-"))
    await on_kafka.start()
    yield on_kafka
    await on_kafka.stop()


class SpreadingDecider(CountingDecider):
    """Puts something into every topic a writer has."""

    def handle(self, record: LogRecord, now_us: int) -> Decision:
        counted = super().handle(record, now_us)
        blocks, quarantine = [Message(b"block", None)], [Message(None, b"x" * 1_000_000)]
        return Decision(counted.events, counted.results, blocks, quarantine)


class ChoreDecider(CountingDecider):
    """Appends once without a command."""

    async def chores(self, now_us: int) -> Decision | None:
        if "chore" in self.answers:
            return None
        self.answers["chore"] = b""
        self.counts["s"] = self.counts.get("s", 0) + 1
        return Decision(events=[Message(b"s", json.dumps(["s", self.counts["s"], "chore"]).encode())])


async def test_a_message_is_read_as_it_was_appended(log: Log) -> None:
    messages = [
        Message(b"k", b"v", (("a", b"1"), ("a", b"2"), ("b", b""))),
        Message(None, b"without key"),
        Message(b"tombstone", None),
    ]

    offsets = [await log.append(EVENTS, 1, message) for message in messages]

    found = await log.read(EVENTS, 1)
    assert [Message(record.key, record.value, record.headers) for record in found] == messages
    assert [record.offset for record in found] == offsets == sorted(set(offsets))
    assert {record.partition for record in found} == {1}
    assert await log.read(EVENTS, 0) == []


async def test_a_part_is_read_from_its_start_to_its_end(log: Log) -> None:
    offsets = [await log.append(EVENTS, 0, Message(None, str(n).encode())) for n in range(10)]

    found = await log.read(EVENTS, 0, offsets[3], offsets[7])

    assert [record.value for record in found] == [b"3", b"4", b"5", b"6"]


async def test_who_listens_hears_what_comes_and_not_what_was(log: Log) -> None:
    await log.append(EVENTS, 0, Message(None, b"old"))

    heard = await log.hear(EVENTS, 1, lambda: log.append(EVENTS, 0, Message(None, b"new")))

    assert [record.value for record in heard] == [b"new"]


async def test_each_command_has_its_event_and_its_answer_in_order(log: Log) -> None:
    for number in range(20):
        await log.append(COMMANDS, 0, counting_command(f"s{number % 3}", f"c{number}"))

    owner = await log.own(CountingDecider)
    await owner.settle()

    events = await log.read(EVENTS, 0)
    assert [json.loads(record.value or b"")[2] for record in events] == [f"c{n}" for n in range(20)]
    assert [record.value for record in await log.read(RESULTS, 0)] == [record.value for record in events]


async def test_the_next_owner_knows_what_was_and_goes_on_where_the_last_one_stood(log: Log) -> None:
    await log.append(COMMANDS, 0, counting_command("s", "c1"))
    first = await log.own(CountingDecider)
    await first.settle()
    await first.close()
    for command_id in ("c1", "c2"):
        await log.append(COMMANDS, 0, counting_command("s", command_id))

    second = await log.own(CountingDecider)
    await second.settle()

    events = [json.loads(record.value or b"") for record in await log.read(EVENTS, 0)]
    answers = [json.loads(record.value or b"") for record in await log.read(RESULTS, 0)]
    assert events == [["s", 1, "c1"], ["s", 2, "c2"]]
    assert answers == [["s", 1, "c1"], ["s", 1, "c1"], ["s", 2, "c2"]]


async def test_an_owner_that_was_overtaken_commits_nothing_more(log: Log) -> None:
    old = await log.own(CountingDecider)
    await log.own(CountingDecider)
    await log.append(COMMANDS, 0, counting_command("s", "c1"))

    with pytest.raises(Fenced):
        async with asyncio.timeout(30):
            while True:
                await old.settle()
                await log.append(COMMANDS, 0, counting_command("s", "c1"))

    events = [json.loads(record.value or b"") for record in await log.read(EVENTS, 0)]
    assert events in ([], [["s", 1, "c1"]])


async def test_a_decision_reaches_every_topic_of_the_writer_also_when_it_is_large(log: Log) -> None:
    for number in range(8):
        await log.append(COMMANDS, 0, counting_command("s", f"c{number}"))

    owner = await log.own(SpreadingDecider)
    await owner.settle()

    assert len(await log.read(EVENTS, 0)) == len(await log.read(RESULTS, 0)) == 8
    assert [record.value for record in await log.read("outdial.persons", 0)] == [None] * 8
    assert [len(record.value or b"") for record in await log.read("outdial.quarantine", 0)] == [1_000_000] * 8


async def test_chores_are_appended_without_a_command_and_move_no_offset(log: Log) -> None:
    owner = await log.own(ChoreDecider)
    await owner.settle()
    await log.append(COMMANDS, 0, counting_command("s", "c"))
    await owner.settle()

    assert sorted(json.loads(record.value or b"")[2] for record in await log.read(EVENTS, 0)) == [
        "c",
        "chore",
    ]


class AskingDecider(ChoreDecider):
    """Asks itself for something once, as a chore."""

    async def chores(self, now_us: int) -> Decision | None:
        found = await super().chores(now_us)
        return None if found is None else Decision(commands=[counting_command("s", "asked by itself")])


async def test_a_writer_takes_in_its_own_command_as_anybodys(log: Log) -> None:
    owner = await log.own(AskingDecider)
    for command_id in ("first", "last"):
        await log.append(COMMANDS, 0, counting_command("s", command_id))
        await owner.settle()

    expected = ["asked by itself", "first", "last"]
    events = [json.loads(record.value or b"") for record in await log.read(EVENTS, 0)]
    commands = [json.loads(record.value or b"") for record in await log.read(COMMANDS, 0)]
    assert sorted(command[1] for command in commands) == expected
    assert sorted(event[2] for event in events) == expected
