"""A command on its way and the answer that comes back: values, and their form on Kafka."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from outdial.campaign.commands import Command
from outdial.campaign.wire import to_fields
from outdial.donotcall import commands as donotcall
from outdial.eventlog.ports import LogRecord, Message
from outdial.messages.codec import Codec
from outdial.messages.envelope import Envelope

RESULT = "outdial.CommandResult"


@dataclass(frozen=True, slots=True)
class Request:
    """One command for one stream. The command id makes a repetition safe for at least 24 hours."""

    stream: str
    command: Command | donotcall.Command
    command_id: str
    actor: str
    expected_version: int | None = None
    ttl_s: float = 30.0  # found later than this it is rejected `command-expired`; 0 = never
    dry_run: bool = False
    correlation_id: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command service decided: accepted, or rejected with a code of errors.yaml."""

    command_id: str
    command_type: str
    stream: str
    accepted: bool
    code: str
    version: int
    position: str
    first_sequence: int
    last_sequence: int
    affected: int
    changed: bool
    message: str
    decided_us: int
    details: Mapping[str, Any] = field(default_factory=dict)
    replayed: bool = False

    @property
    def log_position(self) -> str:
        """Where the stream stood after the command: `stream@sequence`."""
        return f"{self.stream}@{self.last_sequence}"


class OutcomeUnknown(Exception):
    """The command may be appended, its answer did not come in time; the same id is safe to send again."""

    def __init__(self, command_id: str) -> None:
        super().__init__(f"the outcome of command {command_id} is not known yet")
        self.command_id = command_id


class CommandRejected(Exception):
    """A command that had to be accepted was not; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.command_type} {answer.command_id}: {answer.code} {answer.message}")
        self.answer = answer


def message_of(request: Request, codec: Codec, sender: str, now_us: int) -> Message:
    """The command as it goes into outdial.commands; `sender` is where the answer is awaited."""
    name = f"outdial.{type(request.command).__name__}"
    envelope = Envelope(
        id=request.command_id,
        type=name,
        source=sender,
        subject=request.stream,
        time_us=now_us,
        actor=request.actor,
        correlation_id=request.correlation_id or request.command_id,
        traceparent=request.traceparent,
        reply_to=sender,
        expiry_us=now_us + int(request.ttl_s * 1e6) if request.ttl_s else 0,
        expected_version=request.expected_version,
        dry_run=request.dry_run,
    )
    value = codec.encode(name, to_fields(request.command))
    return Message(request.stream.encode(), value, envelope.headers())


def answer_of(record: LogRecord, codec: Codec) -> Answer:
    """The answer in one record of outdial.results; Undecodable when it is none."""
    _, fields = codec.decode(record.value or b"")
    fields.pop("request_hash")
    fields.pop("remember")
    details = json.loads(fields.pop("details") or "{}")
    return Answer(**fields, details=details, replayed=("outdial_replayed", b"true") in record.headers)
