"""Messages that nobody should send: a corpus of the known kinds, and valid commands with seeded damage."""

import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from outdial.campaign import commands as c
from outdial.client.requests import Request, message_of
from outdial.eventlog.ports import Headers, Message
from outdial.messages.codec import Codec
from tests.faults.deployment import PARTITIONS
from tests.faults.ledger import partition

CODEC: Final = Codec()
NOW_US: Final = 1_795_000_000_000_000
ALMOST: Final = 1_000_000  # bytes of a message that the broker just takes
BOMB: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Poison:
    """A message, and where it goes; `compressed` travels small and is large when it is read.

    `bent`: bytes that no client would write, put where the message as it is written has others of the same length.
    """

    name: str
    message: Message
    partition: int
    compressed: bool = field(default=False)
    bent: tuple[bytes, bytes] | None = None


def command(stream: str, one: c.Command, command_id: str) -> Message:
    """A command as a client sends it."""
    return message_of(Request(stream, one, command_id, "poison", ttl_s=0), CODEC, "faults/poison", NOW_US)


def corpus(streams: Sequence[str], mark: str) -> list[Poison]:
    """One of each kind, spread over the streams; `mark` makes their ids unique."""
    made: list[Callable[[str, str], Poison]] = [*_of_values(), *_of_headers(), *_of_places(), *_of_sizes()]
    return [make(streams[number % len(streams)], f"{mark}-{number}") for number, make in enumerate(made)]


def mutated(streams: Sequence[str], mark: str, count: int, chance: random.Random) -> list[Poison]:
    """Valid commands with bytes flipped, cut out or put in, and headers damaged, lost or doubled."""
    found = []
    for number in range(count):
        stream = chance.choice(streams)
        one = chance.choice(_valid())
        message = command(stream, one, f"{mark}-{number}")
        for _ in range(chance.randint(1, 3)):
            damage = chance.choice([_damage_value, _damage_value, _damage_header, _lose_header])
            message = damage(message, chance)
        found.append(Poison("mutated", message, partition(stream)))
    return found


def _valid() -> list[c.Command]:
    return [
        c.ChangeSettings(name="poison", wrap_up_s=30),
        c.StopCampaign(),
        c.ResetCampaign((), None),
        c.EndAttempts(1, [1, 2], [1, 1], [1, 1], ["Busy", "NoAnswer"]),
        c.ExcludeRecords([1, 2, 3], ["Expired", "Expired", "Expired"]),
        c.BeginUpload("u-poison", "x.csv", bytes(32), 10, "skip", "accept-valid", ["a"], []),
        c.RecordDisposition(1, 1, "Interested", "agent"),
    ]


def _of_values() -> list[Callable[[str, str], Poison]]:
    def with_value(name: str, change: Callable[[bytes], bytes | None]) -> Callable[[str, str], Poison]:
        def make(stream: str, mark: str) -> Poison:
            message = command(stream, c.ChangeSettings(name="x"), mark)
            return Poison(name, message._replace(value=change(message.value or b"")), partition(stream))

        return make

    return [
        with_value("tombstone", lambda value: None),
        with_value("empty", lambda value: b""),
        with_value("marker alone", lambda value: value[:2]),
        with_value("plain JSON", lambda value: b'{"name": "x"}'),
        with_value("foreign schema", lambda value: value[:2] + b"\x01" * 8 + value[10:]),
        with_value("cut in the middle", lambda value: value[:-3]),
        with_value("more after the end", lambda value: value + b"\x00"),
        with_value("an event as a command", lambda value: CODEC.encode("outdial.CampaignStopped", {})),
    ]


def _of_headers() -> list[Callable[[str, str], Poison]]:
    def with_header(name: str, header: str, value: bytes | None) -> Callable[[str, str], Poison]:
        def make(stream: str, mark: str) -> Poison:
            message = command(stream, c.StopCampaign(), mark)
            return Poison(name, _with(message, header, value), partition(stream))

        return make

    def without_content(name: str, header: str) -> Callable[[str, str], Poison]:
        def make(stream: str, mark: str) -> Poison:
            message = command(stream, c.StopCampaign(), mark)
            headers = [(one, None if one == header else content) for one, content in message.headers]
            headers.append(("x-other", None))
            told: Any = tuple(headers)  # Kafka knows headers without content, our type does not
            return Poison(name, message._replace(headers=told), partition(stream))

        return make

    def not_text(stream: str, mark: str) -> Poison:
        message = _with(command(stream, c.StopCampaign(), mark), "x-no-text", b"1")
        return Poison(
            "a header name that is no text",
            message,
            partition(stream),
            bent=(b"x-no-text", b"x-\xff\xfe-text"),
        )

    return [
        without_content("an actor without content", "ce_actor"),
        without_content("an id without content", "ce_id"),
        not_text,
        with_header("no id", "ce_id", None),
        with_header("empty id", "ce_id", b""),
        with_header("no time", "ce_time", None),
        with_header("a time that is none", "ce_time", b"yesterday"),
        with_header("year 9999999", "ce_expirytime", b"9999999-01-01T00:00:00Z"),
        with_header("not UTF-8", "ce_actor", b"\xff\xfe"),
        with_header("another type", "ce_type", b"outdial.StartCampaign"),
        with_header("unknown type", "ce_type", b"outdial.Nothing"),
        with_header("another subject", "ce_subject", b"somebody-else"),
        with_header("a version that is none", "ce_expectedversion", b"first"),
        with_header("a huge version", "ce_expectedversion", b"9" * 400),
        with_header("long id", "ce_id", b"i" * 100_000),
        with_header("an id with NUL", "ce_id", b"i\0d"),
        with_header("an id that no index takes", "ce_id", random.Random(7).randbytes(4_000).hex().encode()),
        with_header("an actor with NUL", "ce_actor", b"a\0b"),
        with_header("long actor", "ce_actor", b"a" * 300_000),
        with_header("foreign header", "x-other", b"\x00" * 1000),
        with_header("already hashed", "outdial_hash", bytes(32)),
    ]


def _of_places() -> list[Callable[[str, str], Poison]]:
    def elsewhere(stream: str, mark: str) -> Poison:
        other = (partition(stream) + 1) % PARTITIONS
        return Poison("wrong partition", command(stream, c.StopCampaign(), mark), other)

    def without_key(stream: str, mark: str) -> Poison:
        message = command(stream, c.StopCampaign(), mark)._replace(key=None)
        return Poison("no key", message, partition(stream))

    def uneven(stream: str, mark: str) -> Poison:
        one = c.EndAttempts(1, [1, 2, 3], [1], [1, 1], ["Busy"])
        return Poison("columns of unequal length", command(stream, one, mark), partition(stream))

    def extreme(stream: str, mark: str) -> Poison:
        one = c.EndAttempts(2**62, [2**31 - 1, -1], [2**31 - 1, -1], [0, 0], ["Busy", "Nothing"])
        return Poison("extreme numbers", command(stream, one, mark), partition(stream))

    return [elsewhere, without_key, uneven, extreme]


def _of_sizes() -> list[Callable[[str, str], Poison]]:
    def large(stream: str, mark: str) -> Poison:
        message = command(stream, c.StopCampaign(), mark)._replace(value=bytes(ALMOST))
        return Poison("nearly too large", message, partition(stream))

    def larger(stream: str, mark: str) -> Poison:
        message = command(stream, c.StopCampaign(), mark)._replace(value=random.Random(mark).randbytes(BOMB))
        return Poison("too large for the log", message, partition(stream))

    def bomb(stream: str, mark: str) -> Poison:
        assert len(gzip.compress(bytes(BOMB))) < ALMOST
        message = command(stream, c.StopCampaign(), mark)._replace(value=bytes(BOMB))
        return Poison("large once it is read", message, partition(stream), compressed=True)

    def wide(stream: str, mark: str) -> Poison:
        one = c.ChangeSettings(name="n" * (ALMOST - 10_000))
        return Poison("a valid command of that size", command(stream, one, mark), partition(stream))

    return [large, larger, bomb, wide]


def _with(message: Message, header: str, value: bytes | None) -> Message:
    kept = tuple(one for one in message.headers if one[0] != header)
    headers: Headers = kept if value is None else (*kept, (header, value))
    return message._replace(headers=headers)


def _damage_value(message: Message, chance: random.Random) -> Message:
    value = bytearray(message.value or b"")
    at = chance.randrange(len(value) + 1)
    match chance.randrange(3):
        case 0 if at < len(value):
            value[at] ^= 1 << chance.randrange(8)
        case 1:
            del value[at : at + chance.randint(1, 4)]
        case _:
            value[at:at] = chance.randbytes(chance.randint(1, 4))
    return message._replace(value=bytes(value))


def _damage_header(message: Message, chance: random.Random) -> Message:
    name, value = chance.choice(message.headers)
    damaged = bytearray(value)
    damaged[chance.randrange(len(damaged)) if damaged else 0 :] = chance.randbytes(chance.randint(0, 6))
    return _with(message, name, bytes(damaged))


def _lose_header(message: Message, chance: random.Random) -> Message:
    name, value = chance.choice(message.headers)
    if chance.random() < 0.5:
        return _with(message, name, None)
    return message._replace(headers=(*message.headers, (name, value + b"x")))
