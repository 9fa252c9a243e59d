"""Checks the events of a log as they are read: order, keys, schemas and the hash chain of every stream."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from outdial.eventlog.ports import LogRecord
from outdial.messages.codec import Codec, Undecodable
from outdial.messages.envelope import Envelope
from outdial.messages.hashchain import FIRST, link, read_link
from outdial.messages.partition import partition_of


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where: `events/<partition>@<offset>`."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class Tip:
    """Where a stream stands."""

    sequence: int = 0
    hash: bytes = FIRST
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """An event that could be read; its link may still be a finding."""

    record: LogRecord
    envelope: Envelope
    name: str
    fields: dict[str, Any]


@dataclass(slots=True)
class Auditor:
    """One pass over a log of so many partitions. After a finding a stream goes on from what was read."""

    codec: Codec
    partitions: int
    tips: dict[str, Tip] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    events: int = 0

    def take(self, record: LogRecord) -> Checked | None:
        """Check one event; None when it cannot be read. What is wrong with it is added to `findings`."""
        self.events += 1
        where = f"events/{record.partition}@{record.offset}"
        try:
            envelope = Envelope.of(record.headers)
            name, fields = self.codec.decode(record.value or b"")
            self.findings += [Finding(where, what) for what in self._links(record, envelope, name)]
        except Undecodable as error:
            self.findings.append(Finding(where, f"cannot be read: {error}"))
            return None
        return Checked(record, envelope, name, fields)

    def _links(self, record: LogRecord, envelope: Envelope, name: str) -> Iterator[str]:
        stream, key = envelope.subject, record.key or b""
        if key != stream.encode():
            yield f"the key {key!r} is not its stream {stream}"
        if partition_of(key, self.partitions) != record.partition:
            yield f"{stream} belongs to partition {partition_of(key, self.partitions)}"
        if name != envelope.type:
            yield f"{stream}@{envelope.sequence} says {envelope.type} and holds {name}"
        stored, tip = read_link(record.headers), self.tips.setdefault(stream, Tip())
        if envelope.sequence != tip.sequence + 1:
            yield f"{stream} has {envelope.sequence}, {tip.sequence + 1} follows"
        if stored.previous != tip.hash:
            yield f"{stream}@{envelope.sequence} does not follow the event before it"
        if stored.epoch < tip.epoch:
            yield f"{stream}@{envelope.sequence} was written in epoch {stored.epoch}, after {tip.epoch}"
        if link(stored.previous, stored.epoch, key, record.headers, record.value or b"").hash != stored.hash:
            yield f"{stream}@{envelope.sequence} was edited"
        self.tips[stream] = Tip(envelope.sequence, stored.hash, max(tip.epoch, stored.epoch))
