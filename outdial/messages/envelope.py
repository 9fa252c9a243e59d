"""The envelope in Kafka headers: CloudEvents 1.0, binary content mode of its Kafka binding (`ce_` names)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from outdial.messages.codec import CONTENT_TYPE, Undecodable

Headers = tuple[tuple[str, bytes], ...]
TENANT: Final = "default"
_REQUIRED: Final = ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_specversion")
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
        made += (("ce_source", self.source.encode()), _SPECVERSION, ("ce_subject", self.subject.encode()))
        if self.tenant_id:
            made.append(("ce_tenantid", self.tenant_id.encode()))
        made += (("ce_time", _stamp(self.time_us)), ("ce_type", self.type.encode()), _CONTENT)
        if self.reply_to:
            made.append(("reply_to", self.reply_to.encode()))
        if self.traceparent:
            made.append(("traceparent", self.traceparent.encode()))
        return tuple(made)

    @classmethod
    def of(cls, headers: Iterable[tuple[str, bytes]]) -> "Envelope":
        """Read the headers of one message; Undecodable when one is missing or malformed.

        Headers of other people, traces for example, may hold what they like.
        """
        found = dict(headers)
        text = found.get
        try:
            read = cls(
                found["ce_id"].decode(),
                found["ce_type"].decode(),
                found["ce_source"].decode(),
                found["ce_subject"].decode(),
                _microseconds(found["ce_time"]),
                text("ce_actor", b"").decode(),
                int(text("ce_sequence", b"0")),
                text("ce_correlationid", b"").decode(),
                text("ce_causationid", b"").decode(),
                text("ce_tenantid", b"").decode(),
                text("traceparent", b"").decode(),
                text("reply_to", b"").decode(),
                _microseconds(found["ce_expirytime"]) if "ce_expirytime" in found else 0,
                int(found["ce_expectedversion"]) if "ce_expectedversion" in found else None,
                text("ce_dryrun") == b"true",
            )
        except KeyError as error:
            raise Undecodable(_missing(found)) from error
        except ValueError as error:
            raise Undecodable(f"malformed header: {error}") from error
        if not (read.id and read.type and read.source and read.subject and "ce_specversion" in found):
            raise Undecodable(_missing(found))
        return read


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


def _missing(found: Mapping[str, bytes]) -> str:
    return f"header {', '.join(name for name in _REQUIRED if not found.get(name))} missing"


@lru_cache(maxsize=1_024)
def _stamp(time_us: int) -> bytes:
    """Everything of a batch is decided at one instant."""
    seconds, rest = divmod(time_us, _US)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z".encode()


@lru_cache(maxsize=1_024)
def _microseconds(stamp: bytes) -> int:
    return microseconds(stamp.decode())
