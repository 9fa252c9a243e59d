"""Do-not-call lists go through the same writer as campaigns: one history, answered once, kept and sent away alike."""

import asyncio
import hmac
import json
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from outdial.campaign.commands import StartCampaign
from outdial.client.requests import Request, message_of
from outdial.donotcall.commands import AddToDoNotCall, CreateDoNotCallList, RemoveFromDoNotCall
from outdial.donotcall.snapshot import fingerprint
from outdial.eventlog.ports import LogRecord, Message
from outdial.messages.codec import Codec
from outdial.messages.partition import partition_of
from outdial.messages.persons import PersonsBlock
from services.command.decider import CommandDecider, Rules
from services.command.metrics import Metrics
from services.command.rows import RowReader

CODEC = Codec()
STREAM = "dnc:national"
PARTITION = partition_of(STREAM.encode(), 4)
NOW_US = 1_790_000_000_000_000


class Blocks(RowReader):
    """The real reader over blocks that stand in memory; counts what it is asked for."""

    def __init__(self, key: bytes = b"key") -> None:
        nothing: Any = None  # no broker is asked
        super().__init__(CODEC, nothing, nothing, key)
        self.blocks: dict[str, PersonsBlock] = {}
        self.asked = 0

    async def learn_schemas(self, codec: Codec) -> None:
        """Nothing new is ever published."""

    async def block(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        self.asked += 1
        return self.blocks.get(block_id)


class Writer:
    """One decider after the other on the same log."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.events: list[Message] = []
        self.results: list[Message] = []
        self.decider = self.open(b"")

    def open(self, snapshot: bytes, first: int = 0) -> CommandDecider:
        decider = CommandDecider(PARTITION, CODEC, Rules(4), self.blocks, Metrics(CollectorRegistry()))
        if snapshot:
            decider.restore(snapshot)
        for at, message in enumerate(self.events[first:]):
            decider.load_event(record(at, message))
        for at, message in enumerate(self.results if not snapshot else []):
            decider.load_result(record(at, message))
        decider.opened(NOW_US)
        self.decider = decider
        return decider

    def add(self, command_id: str, *phones: str, **changes: Any) -> dict[str, Any]:
        block = PersonsBlock(
            *(STREAM, "u1", "records", range(len(phones)), [bytes(16)] * len(phones)),
            phone=phones,
            name=[""] * len(phones),
        )
        key = f"{STREAM}/u1/{len(self.blocks.blocks)}/r"
        self.blocks.blocks[key] = block
        command = AddToDoNotCall(key, 0, range(len(phones)), block.commitments())
        return self.send(command, command_id, **changes)

    def send(self, command: Any, command_id: str, stream: str = STREAM, **changes: Any) -> dict[str, Any]:
        request = Request(stream, command, command_id, "ann", **changes)
        sent = record(0, message_of(request, CODEC, "test/1", NOW_US))
        asyncio.run(self.decider.prepare([sent]))
        decision = self.decider.handle(sent, NOW_US)
        self.events += decision.events
        self.results += decision.results
        fields = CODEC.decode(decision.results[0].value or b"")[1]
        return {**fields, "details": json.loads(fields["details"])}


def record(offset: int, message: Message) -> LogRecord:
    return LogRecord(PARTITION, offset, NOW_US, message.key, message.value, message.headers)


@pytest.fixture
def writer() -> Writer:
    writer = Writer()
    assert writer.send(CreateDoNotCallList("National"), "create")["accepted"]
    return writer


def test_a_list_has_its_own_history_and_every_change_counts_a_version(writer: Writer) -> None:
    told = writer.add("add-1", "+441111", "+442222")

    assert (told["accepted"], told["affected"], told["version"], told["last_sequence"]) == (True, 2, 2, 2)
    assert told["position"] == ""
    assert [dict(event.headers)["ce_id"] for event in writer.events] == [
        b"dnc:national@1",
        b"dnc:national@2",
    ]


def test_no_event_and_no_answer_holds_a_number(writer: Writer) -> None:
    writer.add("add-1", "+441111")

    assert all(b"441111" not in (message.value or b"") for message in (*writer.events, *writer.results))


def test_a_repeated_command_is_answered_as_the_first_time(writer: Writer) -> None:
    first = writer.add("add-1", "+441111")
    again = writer.send(AddToDoNotCall(*_parts(writer)), "add-1")

    assert again["details"] == first["details"] == {"added": 1, "duplicate": 0}
    assert len(writer.events) == 2


def _parts(writer: Writer) -> tuple[Any, ...]:
    (key, block) = next(iter(writer.blocks.blocks.items()))
    return key, 0, block.block_row, block.commitments()


def test_a_number_that_is_on_the_list_is_counted_whoever_added_it(writer: Writer) -> None:
    writer.add("add-1", "+441111", "+442222")

    told = writer.add("add-2", "+442222", "+443333")

    assert told["details"] == {"added": 1, "duplicate": 1}


def test_after_a_replay_known_numbers_are_still_known(writer: Writer) -> None:
    writer.add("add-1", "+441111")
    writer.open(b"")

    assert writer.add("add-2", "+441111")["details"] == {"added": 0, "duplicate": 1}
    writer.send(RemoveFromDoNotCall([1]), "off")
    assert writer.add("add-3", "+441111")["details"] == {"added": 1, "duplicate": 0}


def test_after_a_snapshot_no_block_is_read_again(writer: Writer) -> None:
    writer.add("add-1", "+441111")
    kept, state = writer.decider.snapshot(), writer.decider.streams.get(STREAM).state
    before = fingerprint(state)
    decider = writer.open(kept, first=len(writer.events))
    assert fingerprint(decider.streams.get(STREAM).state) == before
    asked = writer.blocks.asked

    assert writer.add("add-2", "+441111")["details"] == {"added": 0, "duplicate": 1}
    assert writer.blocks.asked == asked + 1


def test_a_block_that_differs_from_what_the_command_commits_to_is_refused(writer: Writer) -> None:
    writer.add("add-1", "+441111")
    key, offset, rows, _ = _parts(writer)

    told = writer.send(AddToDoNotCall(key, offset, rows, [bytes(16)]), "forged")

    assert (told["accepted"], told["code"]) == (False, "command-malformed")


def test_a_block_without_numbers_is_refused(writer: Writer) -> None:
    key = f"{STREAM}/a/0/r"
    writer.blocks.blocks[key] = PersonsBlock(STREAM, "a", "rejected", [0], [bytes(16)], cells=[["x"]])

    told = writer.send(AddToDoNotCall(key, 0, [0], [bytes(16)]), "add-1")

    assert (told["accepted"], told["code"]) == (False, "command-malformed")


@pytest.mark.parametrize("length", [1, 32, 64, 65, 200])
def test_a_number_s_hash_is_the_hmac_under_the_deployment_s_key(length: int) -> None:
    key = bytes(range(length))

    digest = hmac.digest(key, b"+441111", "sha256")
    assert Blocks(key).phone_hash("+441111") == int.from_bytes(digest[:8], "big")


def test_a_command_of_another_family_is_refused(writer: Writer) -> None:
    assert writer.send(StartCampaign(), "start")["code"] == "command-malformed"
    assert len(writer.events) == 1


def test_a_list_that_nobody_created_takes_nothing(writer: Writer) -> None:
    other = next(
        f"dnc:other-{n}" for n in range(99) if partition_of(f"dnc:other-{n}".encode(), 4) == PARTITION
    )

    told = writer.send(RemoveFromDoNotCall([1]), "off", stream=other)

    assert (told["accepted"], told["code"]) == (False, "list-unknown")
