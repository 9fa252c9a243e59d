"""The decider between log and rules: who is answered what, and what is appended."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from outdial.campaign.commands import (
    ChangeSettings,
    Command,
    ConfirmErasure,
    CreateCampaign,
    ResetCampaign,
    StartCampaign,
    StopCampaign,
)
from outdial.campaign.defaults import default_settings
from outdial.campaign.events import Event
from outdial.campaign.filter import Filter
from outdial.campaign.snapshot import fingerprint
from outdial.client.requests import Request, message_of
from outdial.eventlog.ports import Decision, IntegrityError, LogRecord, Message
from outdial.messages.codec import Codec
from outdial.messages.envelope import Envelope
from outdial.messages.hashchain import read_link
from outdial.messages.partition import partition_of
from services.command.decider import CommandDecider, Rules
from services.command.known import REMEMBERED_US
from services.command.metrics import Metrics
from services.command.rows import RowReader, Rows
from services.command.streams import Stream

CODEC = Codec()
STREAM = "spring"
PARTITION = partition_of(STREAM.encode(), 4)
NOW_US = 1_790_000_000_000_000
SETTINGS = default_settings(name="Spring", region="GB", time_zone="Europe/London")


class NoRows(RowReader):
    """No upload comes here: nothing is read, nothing is indexed."""

    def __init__(self) -> None:
        pass

    def index(self, stream: Stream, events: Sequence[Event], rows: Rows) -> None:
        return None


class CountedReadings(NoRows):
    """Counts how often the schema topic is read; it holds nothing new."""

    def __init__(self) -> None:
        self.readings = 0

    async def learn_schemas(self, codec: Codec) -> None:
        self.readings += 1


class Writer:
    """One decider after the other on the same log, as openings follow each other."""

    def __init__(self, partition: int = PARTITION) -> None:
        self.partition, self.now_us = partition, NOW_US
        self.events: list[Message] = []
        self.results: list[Message] = []
        self.quarantine: list[Message] = []
        self.offset = 0
        self.decider = self.open()

    def open(self, events: Sequence[Message] | None = None) -> CommandDecider:
        self.registry = CollectorRegistry()
        decider = CommandDecider(self.partition, CODEC, Rules(4), NoRows(), Metrics(self.registry))
        for at, message in enumerate(self.events if events is None else events):
            decider.load_event(self._record(at, message))
        for at, message in enumerate(self.results):
            decider.load_result(self._record(at, message))
        decider.opened(self.now_us)
        self.decider = decider
        return decider

    def send(self, command: Command, command_id: str, **changes: Any) -> dict[str, Any]:
        request = Request(STREAM, command, command_id, "ann", **{"ttl_s": 30.0, **changes})
        return self.take(message_of(request, CODEC, "test/1", self.now_us))

    def take(self, message: Message) -> dict[str, Any]:
        decision: Decision = self.decider.handle(self._record(self.offset, message), self.now_us)
        self.offset += 1
        self.events += decision.events
        self.results += decision.results
        self.quarantine += decision.quarantine
        if not decision.results:
            return {}
        result = CODEC.decode(decision.results[0].value or b"")[1]
        return {**result, "replayed": ("outdial_replayed", b"true") in decision.results[0].headers}

    def _record(self, offset: int, message: Message) -> LogRecord:
        return LogRecord(self.partition, offset, NOW_US, message.key, message.value, message.headers)


@pytest.fixture
def writer() -> Writer:
    return Writer()


def created(writer: Writer) -> Writer:
    assert writer.send(CreateCampaign(SETTINGS), "create")["accepted"]
    return writer


def test_an_accepted_command_has_its_event_and_its_answer(writer: Writer) -> None:
    answer = writer.send(CreateCampaign(SETTINGS), "c-1")

    assert (answer["accepted"], answer["first_sequence"], answer["version"], answer["position"]) == (
        True,
        1,
        1,
        "Ready",
    )
    envelope = Envelope.of(writer.events[0].headers)
    assert (envelope.id, envelope.causation_id, envelope.actor, envelope.sequence) == (
        "spring@1",
        "c-1",
        "ann",
        1,
    )


def test_a_rejected_command_leaves_no_event_and_is_answered_with_code_and_text(writer: Writer) -> None:
    answer = created(writer).send(StopCampaign(), "c-2")

    assert (answer["accepted"], answer["code"], answer["changed"]) == (
        False,
        "position-does-not-allow",
        False,
    )
    assert answer["message"]
    assert json.loads(answer["details"])["position"] == "Ready"
    assert len(writer.events) == 1


@pytest.mark.parametrize("command_id", ["create", "rejected"])
def test_the_same_command_is_answered_as_the_first_time_also_after_a_reopening(
    writer: Writer, command_id: str
) -> None:
    command: Command = CreateCampaign(SETTINGS) if command_id == "create" else StopCampaign()
    created(writer)
    first = writer.send(command, command_id)
    writer.open()

    again = writer.send(command, command_id)

    assert again["replayed"]
    assert {**again, "replayed": False} == {**first, "replayed": False}
    assert len(writer.events) == 1


def test_a_known_id_with_another_request_is_refused(writer: Writer) -> None:
    answer = created(writer).send(StartCampaign(), "create")

    assert answer["code"] == "idempotency-key-reused"
    assert not answer["remember"]


def test_an_answer_is_forgotten_after_a_day(writer: Writer) -> None:
    created(writer).send(StopCampaign(), "old")
    writer.now_us += REMEMBERED_US + 1_000_000
    writer.open()

    assert not writer.send(StopCampaign(), "old")["replayed"]


def test_a_command_that_is_found_too_late_is_refused(writer: Writer) -> None:
    message = message_of(Request(STREAM, StopCampaign(), "late", "ann", ttl_s=1.0), CODEC, "t", NOW_US)
    created(writer)
    writer.now_us += 2_000_000

    assert writer.take(message)["code"] == "command-expired"


def test_another_version_is_refused_with_the_current_one(writer: Writer) -> None:
    answer = created(writer).send(StartCampaign(), "c-2", expected_version=7)

    assert (answer["code"], json.loads(answer["details"])) == ("version-mismatch", {"version": 1})


def test_a_dry_run_appends_nothing_and_is_not_remembered(writer: Writer) -> None:
    answer = created(writer).send(ResetCampaign((Filter(),)), "dry", dry_run=True)

    assert (answer["accepted"], answer["changed"], answer["remember"]) == (True, False, False)
    assert len(writer.events) == 1


def test_a_command_on_a_foreign_partition_is_refused() -> None:
    writer = Writer((PARTITION + 1) % 4)

    answer = writer.send(CreateCampaign(SETTINGS), "c-1")

    assert answer["code"] == "wrong-partition"
    assert json.loads(answer["details"]) == {"partition": writer.partition, "expected": PARTITION}
    assert writer.events == []


def test_undecodable_bytes_are_quarantined_with_their_reason_and_place(writer: Writer) -> None:
    assert writer.take(Message(b"spring", b"no message", ())) == {}

    headers = dict(writer.quarantine[0].headers)
    assert b"missing" in headers["outdial_quarantine_reason"]
    assert headers["outdial_quarantine_from"] == f"commands/{PARTITION}@0".encode()


def test_columns_of_unequal_length_are_answered_as_malformed(writer: Writer) -> None:
    created(writer)
    fields = {"dialer_epoch": 1, "record": [1, 2], "attempt": [1], "cause": []}
    envelope = Envelope("bad", "outdial.WithdrawAttempts", "t", STREAM, NOW_US, actor="x")
    value = CODEC.encode("outdial.WithdrawAttempts", fields)

    answer = writer.take(Message(STREAM.encode(), value, envelope.headers()))

    assert answer["code"] == "command-malformed"


@pytest.mark.parametrize("name", ["nul\0", "line\nbreak", "i" * 513, "ü" * 257])
def test_ids_and_subjects_that_nobody_could_keep_are_malformed(name: str, writer: Writer) -> None:
    """HTTP lets none of them in; programs that write to Kafka themselves hear of it, and nothing remembers it."""
    created(writer)
    envelope = Envelope("c-1", "outdial.StopCampaign", "t", STREAM, NOW_US)
    value = CODEC.encode("outdial.StopCampaign", {})
    for told, key in ((envelope._replace(id=name), STREAM), (envelope._replace(subject=name), name)):
        answer = writer.take(Message(key.encode(), value, told.headers()))
        assert (answer["code"], answer["remember"]) == ("command-malformed", False)
        assert "512 bytes" in json.loads(answer["details"])["why"]
    assert writer.send(StopCampaign(), "i" * 512)["code"] == "position-does-not-allow"


def test_a_fact_may_be_named_after_a_command_of_the_longest_id(writer: Writer) -> None:
    """The confirmation of an erasure has the id of its delete, and who confirms: nothing keeps or indexes it."""
    confirm = ConfirmErasure("i" * 512, "view")
    assert created(writer).send(confirm, f"{'i' * 512}/view")["code"] != "command-malformed"


def test_an_event_that_was_edited_ends_the_replay(writer: Writer) -> None:
    created(writer)
    edited = writer.events[0]
    headers = tuple((name, b"eve" if name == "ce_actor" else value) for name, value in edited.headers)

    with pytest.raises(IntegrityError, match="edited"):
        writer.open([Message(edited.key, edited.value, headers)])


def test_a_missing_event_ends_the_replay(writer: Writer) -> None:
    created(writer)
    writer.send(ChangeSettings(name="Summer"), "c-2")

    with pytest.raises(IntegrityError, match="1 follows"):
        writer.open(writer.events[1:])


def test_an_event_that_stands_twice_ends_the_replay(writer: Writer) -> None:
    created(writer)

    with pytest.raises(IntegrityError, match="2 follows"):
        writer.open([*writer.events, *writer.events])


@pytest.mark.parametrize("headers", [(), (("ce_id", b"x"),)])
def test_an_event_that_nobody_can_read_parks_its_campaign_and_the_others_go_on(
    writer: Writer, headers: tuple[tuple[str, bytes], ...]
) -> None:
    created(writer)
    foreign = Message(STREAM.encode(), b"no event", headers)
    other = next(f"s{n}" for n in range(99) if partition_of(f"s{n}".encode(), 4) == PARTITION)

    writer.open([*writer.events, foreign])

    assert writer.send(StartCampaign(), "start")["code"] == "campaign-parked"
    create = Request(other, CreateCampaign(SETTINGS), "other", "ann")
    assert writer.take(message_of(create, CODEC, "test/1", NOW_US))["accepted"]


def test_an_event_of_a_stream_that_belongs_elsewhere_is_no_history_here(writer: Writer) -> None:
    created(writer)
    elsewhere = Writer((PARTITION + 1) % 4)

    elsewhere.open(writer.events)

    assert [stream.parked for stream in elsewhere.decider.streams] == [
        f"events/{elsewhere.partition}@0: {STREAM} is on a foreign partition"
    ]


async def test_a_batch_of_foreign_schemas_reads_the_published_ones_once() -> None:
    rows = CountedReadings()
    decider = CommandDecider(PARTITION, Codec(), Rules(4), rows, Metrics(CollectorRegistry()))
    value = b"\xc3\x01" + b"\x01" * 8
    records = [LogRecord(PARTITION, at, NOW_US, STREAM.encode(), value, ()) for at in range(100)]

    await decider.prepare(records)

    assert rows.readings == 1


def test_each_opening_writes_under_a_higher_epoch(writer: Writer) -> None:
    created(writer)
    writer.open()

    writer.send(ChangeSettings(name="Summer"), "c-2")

    assert [dict(message.headers)["outdial_epoch"] for message in writer.events] == [b"1", b"2"]


def reopened_from(writer: Writer, snapshot: bytes, events: Sequence[Message]) -> CommandDecider:
    """A decider that takes a snapshot in and then the events behind it."""
    decider = CommandDecider(writer.partition, CODEC, Rules(4), NoRows(), Metrics(CollectorRegistry()))
    decider.restore(snapshot)
    for at, message in enumerate(events):
        decider.load_event(writer._record(at, message))
    decider.opened(writer.now_us)
    return decider


def test_a_snapshot_and_the_events_behind_it_give_the_same_decider_as_a_replay(writer: Writer) -> None:
    assert created(writer).send(ChangeSettings(name="Autumn"), "rename")["accepted"]
    kept, count = writer.decider.snapshot(), len(writer.events)
    assert writer.send(ChangeSettings(name="Winter"), "again")["accepted"]

    restored = reopened_from(writer, kept, writer.events[count:])

    replayed = writer.open()
    assert fingerprint(restored.streams.get(STREAM).state) == fingerprint(replayed.streams.get(STREAM).state)
    assert restored.streams.get(STREAM).hash == replayed.streams.get(STREAM).hash
    assert restored.streams.epoch == replayed.streams.epoch


def test_a_command_that_was_answered_before_the_snapshot_is_still_known(writer: Writer) -> None:
    first = created(writer).send(ChangeSettings(name="Autumn"), "rename")
    writer.decider = reopened_from(writer, writer.decider.snapshot(), [])

    again = writer.send(ChangeSettings(name="Autumn"), "rename")

    assert again["replayed"]
    assert again["last_sequence"] == first["last_sequence"]


def test_a_snapshot_of_another_program_or_a_damaged_one_is_refused(writer: Writer) -> None:
    kept = created(writer).decider.snapshot()

    with pytest.raises(ValueError, match="another version"):
        CommandDecider(
            PARTITION, CODEC, Rules(4, fold="newer"), NoRows(), Metrics(CollectorRegistry())
        ).restore(kept)
    for end in (0, 5, 40, len(kept) - 1):
        with pytest.raises(ValueError, match=r".*"):
            CommandDecider(PARTITION, CODEC, Rules(4), NoRows(), Metrics(CollectorRegistry())).restore(
                kept[:end]
            )


def test_events_after_a_restored_opening_carry_an_epoch_above_all_before(writer: Writer) -> None:
    kept = created(writer).decider.snapshot()

    restored = reopened_from(writer, kept, [])

    writer.decider = restored
    writer.send(ChangeSettings(name="Winter"), "again")
    assert [read_link(event.headers).epoch for event in writer.events] == [1, 2]


def test_answers_are_counted_by_what_became_of_the_command(writer: Writer) -> None:
    created(writer).send(StopCampaign(), "stop")
    writer.send(StopCampaign(), "stop")
    writer.take(Message(b"spring", b"not a command"))

    def counted(answer: str, command: str, code: str = "") -> float | None:
        labels = {"type": command, "answer": answer, "code": code}
        return writer.registry.get_sample_value("outdial_commands_total", labels)

    assert counted("accepted", "CreateCampaign") == 1
    assert counted("rejected", "StopCampaign", "position-does-not-allow") == 1
    assert counted("replayed", "StopCampaign", "position-does-not-allow") == 1
    assert writer.registry.get_sample_value("outdial_commands_quarantined_total") == 1


def test_the_trace_of_a_command_goes_on_in_its_events_and_its_answer(writer: Writer) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    writer.send(CreateCampaign(SETTINGS), "create", traceparent=trace)

    for message in (*writer.events, *writer.results):
        assert Envelope.of(message.headers).traceparent == trace
