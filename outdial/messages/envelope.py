"""The envelope in Kafka headers: CloudEvents 1.0, binary content mode of its Kafka binding (`ce_` names)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from outdial.messages.codec import CONTENT_TYPE, Undecodable

Headers = tuple[tuple[str, bytes], ...]
TENANT: Final = "default"
_REQUIRED: Final = ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_specversion")
# In the order of the fields of an envelope.
_NAMES: Final = (
    "ce_id",
    "ce_type",
    "ce_source",
    "ce_subject",
    "ce_time",
    "ce_actor",
    "ce_sequence",
    "ce_correlationid",
    "ce_causationid",
    "ce_tenantid",
    "traceparent",
    "reply_to",
    "ce_expirytime",
    "ce_expectedversion",
    "ce_dryrun",
    "ce_specversion",
)
# What a header that is not there reads as: an empty one of these is malformed, an empty text is none.
_ABSENT: Final = (None, b"0", b"")
_ABSENT_AT: Final = {"ce_expirytime": -3, "ce_expectedversion": -3, "ce_sequence": -2}
MOST_BYTES: Final = 512  # of an id or a subject: others have to keep and to index them
SEQUENCE_DIGITS: Final = 19  # a long; CloudEvents wants an order of strings
_SPECVERSION: Final = ("ce_specversion", b"1.0")
_CONTENT: Final = ("content-type", CONTENT_TYPE.encode())
_DRY_RUN: Final = ("ce_dryrun", b"true")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S: Final = 86_400
_US: Final = 1_000_000


class Envelope(NamedTuple):
    """Who says what about which stream, when and why. Times in microseconds UTC, 0 and empty = absent.

    A tuple, because three are made for every command that is carried out.
    """

    id: str
    type: str
    source: str
    subject: str
    time_us: int
    actor: str = ""
    sequence: int = 0
    correlation_id: str = ""
    causation_id: str = ""
    tenant_id: str = TENANT
    traceparent: str = ""
    reply_to: str = ""
    expiry_us: int = 0
    expected_version: int | None = None
    dry_run: bool = False

    def headers(self) -> Headers:
        """The headers in the order of their names; what is absent is left out."""
        made = [("ce_actor", self.actor.encode())] if self.actor else []
        if self.causation_id:
            made.append(("ce_causationid", self.causation_id.encode()))
        if self.correlation_id:
            made.append(("ce_correlationid", self.correlation_id.encode()))
        if self.dry_run:
            made.append(_DRY_RUN)
        if self.expected_version is not None:
            made.append(("ce_expectedversion", b"%d" % self.expected_version))
        if self.expiry_us:
            made.append(("ce_expirytime", _stamp(self.expiry_us)))
        made.append(("ce_id", self.id.encode()))
        if self.sequence:
            made.append(("ce_sequence", b"%019d" % self.sequence))
        made += _about(self.source, self.subject)
        made += _when(self.tenant_id, self.time_us, self.type)
        if self.reply_to:
            made.append(("reply_to", self.reply_to.encode()))
        if self.traceparent:
            made.append(("traceparent", self.traceparent.encode()))
        return tuple(made)

    @classmethod
    def of(cls, headers: Headers) -> "Envelope":
        """Read the headers of one message; Undecodable when one is missing or malformed.

        Headers of other people, traces for example, may hold what they like.
        """
        names, contents = split(headers)
        found = _places(names)((*contents, *_ABSENT))
        if not (found[0] and found[1] and found[2] and found[3] and found[4] and found[-1]):
            absent = (name for name, content in zip(_NAMES, found, strict=True) if not content)
            raise Undecodable(f"header {', '.join(name for name in absent if name in _REQUIRED)} missing")
        try:
            return cls(
                found[0].decode(),
                found[1].decode(),
                found[2].decode(),
                found[3].decode(),
                _microseconds(found[4]),
                found[5].decode(),
                int(found[6]),
                found[7].decode(),
                found[8].decode(),
                found[9].decode(),
                found[10].decode(),
                found[11].decode(),
                _microseconds(found[12]) if found[12] is not None else 0,
                int(found[13]) if found[13] is not None else None,
                found[14] == b"true",
            )
        except ValueError as error:
            raise Undecodable(f"malformed header: {error}") from error


def split(headers: Headers) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    """Names and contents apart: most messages have the same names, so what follows from those is kept.

    Kafka knows headers without content: read as empty.
    """
    last, parts = _split[0]
    if headers is not last:
        names, contents = zip(*headers) if headers else ((), ())  # noqa: B905  # pairs; the word costs as much again
        if None in contents:
            contents = tuple([one or b"" for one in contents])
        parts = _same(names), contents
        _split[0] = headers, parts
    return parts


def is_name(text: str) -> bool:
    """Whether an id or a subject is one that can be kept: at most 512 bytes of UTF-8, no control characters."""
    return len(text) <= MOST_BYTES and text.isprintable() and len(text.encode()) <= MOST_BYTES


def timestamp(time_us: int) -> str:
    """RFC 3339 in UTC with microseconds."""
    return _stamp(time_us).decode()


def microseconds(text: str) -> int:
    """Microseconds UTC of an RFC 3339 instant; ValueError without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    since = moment - _EPOCH
    return (since.days * _DAY_S + since.seconds) * _US + since.microseconds


Parts = tuple[tuple[str, ...], tuple[bytes, ...]]
# Those of one message are split for its envelope, its link and its hash, one after the other.
_split: Final[list[tuple[Headers, Parts]]] = [((), ((), ()))]


@lru_cache(maxsize=256)
def _same(names: tuple[str, ...]) -> tuple[str, ...]:
    """One and the same tuple for equal ones: looking up what follows from it compares no texts again."""
    return names


@lru_cache(maxsize=256)
def _places(names: Sequence[str]) -> Any:
    """What picks, in the order of `_NAMES`, from the contents and `_ABSENT` behind them."""
    places = _ABSENT_AT | {name: at for at, name in enumerate(names)}
    return itemgetter(*(places.get(name, -1) for name in _NAMES))


@lru_cache(maxsize=1_024)
def _about(source: str, subject: str) -> Headers:
    return (("ce_source", source.encode()), _SPECVERSION, ("ce_subject", subject.encode()))


@lru_cache(maxsize=1_024)
def _when(tenant_id: str, time_us: int, kind: str) -> Headers:
    tenant = (("ce_tenantid", tenant_id.encode()),) if tenant_id else ()
    return (*tenant, ("ce_time", _stamp(time_us)), ("ce_type", kind.encode()), _CONTENT)


@lru_cache(maxsize=1_024)
def _stamp(time_us: int) -> bytes:
    """Everything of a batch is decided at one instant."""
    seconds, rest = divmod(time_us, _US)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z".encode()


@lru_cache(maxsize=1_024)
def _microseconds(stamp: bytes) -> int:
    return microseconds(stamp.decode())
