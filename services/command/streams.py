"""The streams of one partition: state, chain and phone index of each; folds and checks events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from outdial.campaign.evolve import Unappliable
from outdial.campaign.phones import PhoneIndex
from outdial.eventlog.ports import IntegrityError, LogRecord
from outdial.messages.codec import Codec, Undecodable, UnknownSchema
from outdial.messages.envelope import Envelope, is_name
from outdial.messages.hashchain import FIRST, Link, chained, read_link
from services.command.families import Family, family_of


@dataclass(slots=True)
class Stream:
    """One campaign or list as its writer holds it; `phones` is None until needed, `parked` says why, or nothing.

    `id` is its name in the log, `key` the same in bytes, `family` its rules and its fold; `is_named`: it can be kept.
    """

    state: Any  # of its family
    hash: bytes = FIRST
    parked: str = ""
    phones: PhoneIndex | None = field(default=None, repr=False)
    id: str = field(init=False)
    key: bytes = field(init=False)
    is_named: bool = field(init=False)
    family: Family = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.id = self.state.stream
        self.key = self.id.encode()
        self.is_named = is_name(self.id)
        self.family = family_of(self.id)


class Streams:
    """Folds the events of one partition. Strict: a gap, a fork or a broken chain ends the replay."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._streams: dict[str, Stream] = {}
        self.epoch = 0

    def __iter__(self) -> Iterator[Stream]:
        return iter(self._streams.values())

    def get(self, stream_id: str) -> Stream:
        """The stream; a new one is empty, at sequence 0, and kept only once it has an event."""
        return self._streams.get(stream_id) or Stream(
            family_of(stream_id).initial(stream_id), phones=PhoneIndex()
        )

    def keep(self, stream: Stream) -> None:
        """Take in a stream that was folded before."""
        self._streams[stream.id] = stream

    def load(self, record: LogRecord) -> None:
        """Fold one event of the log; IntegrityError names the offset when it does not follow."""
        try:
            envelope, stored = Envelope.of(record.headers), read_link(record.headers)
        except Undecodable as error:  # no event of ours: whose key it has is frozen until somebody looks
            self.park((record.key or b"").decode(errors="replace"), f"{_where(record)}: {error}")
            return
        stream = self.get(envelope.subject)
        self._check_link(record, envelope, stream, stored)
        stream.phones = None  # read from its blocks when it is needed
        if stream.parked:
            return
        try:
            name, fields = self._codec.decode(record.value or b"")
            event = stream.family.read(name.removeprefix("outdial."), fields)
            self.apply(stream, event, envelope.time_us)
        except UnknownSchema:
            raise  # the schema topic was read before: a hole in it is not the campaign's fault
        except (Undecodable, Unappliable) as error:
            stream.parked = f"{_where(record)}: {error}"
            self.keep(stream)

    def park(self, stream_id: str, why: str) -> None:
        """Freeze a stream: its commands are refused, its later events are not folded."""
        stream = self._streams.setdefault(stream_id, self.get(stream_id))
        stream.parked = stream.parked or why

    def apply(self, stream: Stream, event: Any, at_us: int) -> None:
        """Evolve the state by an event that was read or has just been decided."""
        stream.state = stream.family.evolve(stream.state, event, at_us)
        self._streams[stream.id] = stream

    def _check_link(self, record: LogRecord, envelope: Envelope, stream: Stream, stored: Link) -> None:
        if envelope.sequence != stream.state.sequence + 1 and not stream.parked:
            has, follows = envelope.sequence, stream.state.sequence + 1
            raise IntegrityError(f"{_where(record)}: {envelope.subject} has {has}, {follows} follows")
        if stored.previous != stream.hash:
            raise IntegrityError(f"{_where(record)}: the hash chain of {envelope.subject} is broken")
        key, value = record.key or b"", record.value or b""
        if chained(stored.previous, stored.epoch, key, record.headers, value) != stored.hash:
            raise IntegrityError(f"{_where(record)}: {envelope.subject}@{envelope.sequence} was edited")
        stream.hash = stored.hash
        self.epoch = max(self.epoch, stored.epoch)


def _where(record: LogRecord) -> str:
    return f"events/{record.partition}@{record.offset}"
