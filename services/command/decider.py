"""Decides the commands of one partition: known, expired, version, rules; events and answers as messages.

Holds speculative state: whatever fails between here and the commit, the writer drops the decider and replays.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from outdial.campaign.decision import Context, Rejection
from outdial.campaign.wire import to_fields
from outdial.client.requests import Request, message_of
from outdial.eventlog.ports import Decision, Headers, LogRecord, Message
from outdial.messages.codec import Codec, Undecodable
from outdial.messages.envelope import MOST_BYTES, Envelope, is_name
from outdial.messages.hashchain import link
from outdial.messages.partition import partition_of
from outdial.messages.request import request_hash
from outdial.messages.schemas import data, schema_names
from services.command import keeping
from services.command.answering import Asked, accepted, rejected, text_of
from services.command.erasing import Erasing, Spans
from services.command.keeping import Kept
from services.command.known import KnownCommands
from services.command.metrics import Metrics
from services.command.rows import RowReader, Rows
from services.command.streams import Stream, Streams

log = logging.getLogger(__name__)

SOURCE: Final = "outdial/command"
RESULT: Final = "outdial.CommandResult"
# Their blocks are read before they are decided.
WITH_NUMBERS: Final = frozenset({"outdial.AddRecords", "outdial.AddToDoNotCall"})
# Recognised by attempt id, by upload and chunk, or idempotent: they never enter the known commands.
FACTS: Final = frozenset(
    f"outdial.{name}"
    for name in (
        "AddRecords",
        "ClaimAttempts",
        "EndAttempts",
        "WithdrawAttempts",
        "ExcludeRecords",
        "TakeOverDialling",
        "CompleteIfDone",
        "AbandonUpload",
        "ConfirmErasure",
    )
)
REPLAYED: Final = ("outdial_replayed", b"true")
MOST_DECODED: Final = 16  # commands with numbers that stay decoded until they are decided


@dataclass(frozen=True, slots=True)
class Rules:
    """What a deployment sets for every partition; `fold` names the code that folds, for snapshots."""

    partitions: int
    delete_grace_s: int = 0
    spans: Spans = field(default_factory=Spans)
    stopped_allows: frozenset[str] = frozenset()
    fold: str = ""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A command with numbers: the hashes of its rows, and its name and fields unless too many are prepared."""

    rows: Rows
    decoded: tuple[str, dict[str, Any]] | None = None


_UNPREPARED: Final = _Prepared(Rows())


class CommandDecider:
    """`eventlog`'s Decider for every family of streams. One per partition and opening."""

    def __init__(self, partition: int, codec: Codec, rules: Rules, rows: RowReader, metrics: Metrics) -> None:
        self._partition, self._codec, self._rules, self._rows = partition, codec, rules, rows
        self._metrics = metrics
        self._streams = Streams(codec)
        self._known = KnownCommands()
        self._errors = data("errors")["errors"]
        self._commands = schema_names("commands")
        self._epoch = 0
        self._now_us = 0
        self._prepared: dict[int, _Prepared] = {}
        self._erasing = Erasing(partition, codec, self._streams, rows, rules.spans)

    @property
    def streams(self) -> Streams:
        """The folded streams, for health and chores."""
        return self._streams

    def load_event(self, record: LogRecord) -> None:
        """Fold one event of the history; one of a stream that belongs elsewhere is nobody's history."""
        key = record.key or b""
        if partition_of(key, self._rules.partitions) != self._partition:
            name, where = key.decode(errors="replace"), f"events/{record.partition}@{record.offset}"
            self._streams.park(name, f"{where}: {name} is on a foreign partition")
            return
        self._streams.load(record)

    def load_result(self, record: LogRecord) -> None:
        """Remember one answer."""
        value = record.value or b""
        name, fields = self._codec.decode(value)
        if name == RESULT and fields["remember"]:
            self._known.remember(fields, value)

    def snapshot(self) -> bytes:
        """`eventlog`'s Restorable: everything that was folded or appended since."""
        self._streams.epoch = max(self._streams.epoch, self._epoch)
        return keeping.to_bytes(Kept(self._streams, self._known), self._rules.fold)

    def restore(self, state: bytes) -> None:
        """Take a snapshot in, before anything else; ValueError when it is of another version."""
        keeping.from_bytes(state, self._codec, self._rules.fold, Kept(self._streams, self._known))

    def opened(self, now_us: int) -> None:
        """Everything is folded: from here on events carry an epoch above all that the log holds."""
        self._epoch = self._streams.epoch + 1
        self._known.forget_before(now_us)
        parked = [stream for stream in self._streams if stream.parked]
        self._metrics.parked(self._partition, len(parked))
        for stream in parked:
            log.critical("campaign parked", extra={"stream": stream.id, "why": stream.parked})

    async def chores(self, now_us: int) -> Decision | None:
        """Take deleted rows out of their blocks, and ask for the history to say so when they are gone."""
        self._known.forget_before(now_us)
        blocks = await self._erasing.rewrites(now_us)
        gone = await self._erasing.erased(now_us)
        commands = [
            message_of(
                Request(erased.stream, erased.command, erased.command_id, SOURCE),
                self._codec,
                SOURCE,
                now_us,
            )
            for erased in gone
        ]
        return Decision(blocks=blocks, commands=commands) if blocks or commands else None

    async def prepare(self, records: Sequence[LogRecord]) -> None:
        """Read the blocks that upload chunks name, and the phone index of their campaigns.

        Schemas are published before their first use: reading them once is enough for everything in the batch, and a
        sender of foreign ones cannot keep the partition busy with it.
        """
        names = [self._codec.name_of(record.value or b"") for record in records]
        if None in names and any(self._codec.lacks(record.value or b"") for record in records):
            await self._rows.learn_schemas(self._codec)
            names = [self._codec.name_of(record.value or b"") for record in records]
        for name, record in zip(names, records, strict=True):
            if name in WITH_NUMBERS:
                with suppress(Undecodable):  # handle() answers it
                    await self._prepare(record)

    async def _prepare(self, record: LogRecord) -> None:
        stream = self._streams.get((record.key or b"").decode(errors="replace"))
        decoded = self._codec.decode(record.value or b"")
        command = stream.family.read(decoded[0].removeprefix("outdial."), decoded[1])
        await self._rows.load_index(stream, self._partition)
        rows = await self._rows.read(command, self._partition)
        is_kept = len(self._prepared) < MOST_DECODED
        self._prepared[record.offset] = _Prepared(rows, decoded if is_kept else None)

    def handle(self, record: LogRecord, now_us: int) -> Decision:
        """Decide one command; whatever it is, somebody hears what became of it."""
        self._now_us = now_us
        self._erasing.heard(record.timestamp_us)
        prepared = self._prepared.pop(record.offset, _UNPREPARED)
        try:
            envelope = Envelope.of(record.headers)
            value = record.value or b""
            name, fields = prepared.decoded or self._codec.decode(value)
        except Undecodable as error:
            return self._quarantine(record, str(error))
        asked = Asked(envelope, request_hash(envelope, value), now_us, self._is_remembered(envelope))
        stream = self._streams.get(envelope.subject)
        refusal = self._refuse_unread(record, envelope, name, stream)
        if refusal is None:
            try:
                command = stream.family.read(name.removeprefix("outdial."), fields)
            except Undecodable as error:
                refusal = Rejection("command-malformed", {"why": str(error)})
        if refusal is not None:
            return self._answer_rejected(asked, stream, refusal, remember=False)
        return self._decide(stream, asked, command, prepared.rows)

    def _is_remembered(self, envelope: Envelope) -> bool:
        return not envelope.dry_run and envelope.type not in FACTS

    def _refuse_unread(
        self, record: LogRecord, envelope: Envelope, name: str, stream: Stream
    ) -> Rejection | None:
        """Refuse what no rule of a campaign needs to see."""
        key = record.key or b""
        if name not in self._commands or name != envelope.type or key != stream.key:
            return Rejection("command-malformed", {"type": envelope.type, "subject": envelope.subject})
        if not (stream.is_named and (envelope.type in FACTS or is_name(envelope.id))):
            why = f"id and subject are 1 to {MOST_BYTES} bytes of UTF-8 without control characters"
            return Rejection("command-malformed", {"why": why})
        expected = partition_of(key, self._rules.partitions)
        if expected != self._partition:
            return Rejection("wrong-partition", {"partition": self._partition, "expected": expected})
        if stream.parked:
            return Rejection("campaign-parked", {"why": stream.parked})
        return None

    def _decide(self, stream: Stream, asked: Asked, command: Any, rows: Rows) -> Decision:
        envelope = asked.envelope
        if known := self._known.find(envelope.subject, envelope.id):
            if known.request_hash == asked.request_hash:
                return self._repeat(asked, known.result)
            return self._answer_rejected(asked, stream, Rejection("idempotency-key-reused"), remember=False)
        if refusal := self._refuse_late(envelope, stream) or rows.problem:
            return self._answer_rejected(asked, stream, refusal, remember=asked.remember)
        context = self._context(envelope, stream, rows)
        if envelope.dry_run:
            return self._preview(stream, asked, command, context)
        return self._carry_out(stream, asked, command, context, rows)

    def _preview(self, stream: Stream, asked: Asked, command: Any, context: Context) -> Decision:
        seen = stream.family.preview(stream.state, command, context)
        if isinstance(seen, Rejection):
            return self._answer_rejected(asked, stream, seen, remember=False)
        return self._message_result(asked, accepted(asked, stream.state.sequence, stream.state, seen))

    def _refuse_late(self, envelope: Envelope, stream: Stream) -> Rejection | None:
        if envelope.expiry_us and self._now_us > envelope.expiry_us:
            return Rejection("command-expired", {"late_us": self._now_us - envelope.expiry_us})
        if envelope.expected_version is not None and envelope.expected_version != stream.state.version:
            return Rejection("version-mismatch", {"version": stream.state.version})
        return None

    def _context(self, envelope: Envelope, stream: Stream, rows: Rows) -> Context:
        return Context(
            now_us=max(self._now_us, stream.state.updated_us),
            command_id=envelope.id,
            phone_hashes=rows.hashes,
            phone_owner=stream.phones if stream.phones is not None else {},
            delete_grace_s=self._rules.delete_grace_s,
            stopped_allows=self._rules.stopped_allows,
        )

    def _carry_out(
        self, stream: Stream, asked: Asked, command: Any, context: Context, rows: Rows
    ) -> Decision:
        decided = self._judge(stream, command, context)
        if isinstance(decided, Rejection):
            return self._answer_rejected(asked, stream, decided, remember=asked.remember)
        before = stream.state.sequence
        told = stream.family.answer(stream.state, command, decided)
        messages = [self._append(stream, event, asked.envelope, context.now_us) for event in decided]
        self._rows.index(stream, decided, rows)
        fields = accepted(asked, before, stream.state, told)
        return self._message_result(asked, fields, events=messages)

    def _judge(self, stream: Stream, command: Any, context: Context) -> Sequence[Any] | Rejection:
        """Decide. An error there changes no state: it must not stop the partition for everybody else."""
        try:
            return stream.family.decide(stream.state, command, context)
        except Exception:
            log.exception("a command could not be decided", extra={"command": context.command_id})
            return Rejection("internal-error", {"command_id": context.command_id})

    def _append(self, stream: Stream, event: Any, cause: Envelope, now_us: int) -> Message:
        self._streams.apply(stream, event, now_us)
        state, name = stream.state, f"outdial.{type(event).__name__}"
        headers = Envelope(
            id=f"{stream.id}@{state.sequence}",
            type=name,
            source=SOURCE,
            subject=stream.id,
            time_us=now_us,
            actor=cause.actor,
            sequence=state.sequence,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            traceparent=cause.traceparent,
        ).headers()
        value = self._codec.encode(name, to_fields(event))
        made = link(stream.hash, self._epoch, stream.key, headers, value)
        stream.hash = made.hash
        return Message(stream.key, value, headers + made.headers())

    def _answer_rejected(
        self, asked: Asked, stream: Stream, rejection: Rejection, *, remember: bool
    ) -> Decision:
        kept = Asked(asked.envelope, asked.request_hash, asked.decided_us, remember)
        fields = rejected(kept, stream.state, rejection, text_of(rejection, self._errors))
        return self._message_result(kept, fields)

    def _message_result(
        self, asked: Asked, fields: dict[str, Any], *, events: Sequence[Message] = ()
    ) -> Decision:
        value = self._codec.encode(RESULT, fields)
        if fields["remember"]:
            self._known.remember(fields, value)
        verdict = "accepted" if fields["accepted"] else "rejected"
        self._count(asked.envelope, "previewed" if asked.envelope.dry_run else verdict, fields["code"])
        result = Message(asked.envelope.subject.encode(), value, self._result_headers(asked.envelope))
        return Decision(events=events, results=(result,))

    def _repeat(self, asked: Asked, result: bytes) -> Decision:
        """The answer of the first time, byte for byte."""
        self._count(asked.envelope, "replayed", self._codec.decode(result)[1]["code"])
        headers = (*self._result_headers(asked.envelope), REPLAYED)
        return Decision(results=(Message(asked.envelope.subject.encode(), result, headers),))

    def _count(self, cause: Envelope, answer_kind: str, code: str) -> None:
        kind = cause.type.removeprefix("outdial.") if cause.type in self._commands else "unknown"
        self._metrics.answered(kind, answer_kind, code)

    def _result_headers(self, cause: Envelope) -> Headers:
        return Envelope(
            id=f"{cause.id}/result",
            type=RESULT,
            source=SOURCE,
            subject=cause.subject,
            time_us=self._now_us,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            traceparent=cause.traceparent,
            reply_to=cause.reply_to,
        ).headers()

    def _quarantine(self, record: LogRecord, why: str) -> Decision:
        self._metrics.quarantined()
        log.error("quarantined", extra={"partition": record.partition, "offset": record.offset, "why": why})
        place = f"commands/{record.partition}@{record.offset}".encode()
        headers = (
            *record.headers,
            ("outdial_quarantine_reason", why.encode()),
            ("outdial_quarantine_from", place),
        )
        return Decision(quarantine=(Message(record.key, record.value, headers),))
