"""The envelope in Kafka headers: CloudEvents 1.0, binary content mode of its Kafka binding (`ce_` names)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Final

from outdial.messages.codec import CONTENT_TYPE, Undecodable

Headers = tuple[tuple[str, bytes], ...]
TENANT: Final = "default"

# header -> field of Envelope; `traceparent` and `reply_to` are no attributes of CloudEvents
_TEXT: Final[Mapping[str, str]] = {
    "ce_id": "id",
    "ce_type": "type",
    "ce_source": "source",
    "ce_subject": "subject",
    "ce_correlationid": "correlation_id",
    "ce_causationid": "causation_id",
    "ce_tenantid": "tenant_id",
    "ce_actor": "actor",
    "traceparent": "traceparent",
    "reply_to": "reply_to",
}
_REQUIRED: Final = ("ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_specversion")
SEQUENCE_DIGITS: Final = 19  # a long; CloudEvents wants an order of strings


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who says what about which stream, when and why. Times in microseconds UTC, 0 and empty = absent."""

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
        """The headers in a fixed order; what is absent is left out."""
        found: dict[str, str] = {"ce_specversion": "1.0", "content-type": CONTENT_TYPE}
        texts = zip(_TEXT, _texts(self), strict=True)
        found |= {header: value for header, value in texts if value}
        found["ce_time"] = timestamp(self.time_us)
        if self.sequence:
            found["ce_sequence"] = f"{self.sequence:0{SEQUENCE_DIGITS}d}"
        if self.expiry_us:
            found["ce_expirytime"] = timestamp(self.expiry_us)
        if self.expected_version is not None:
            found["ce_expectedversion"] = str(self.expected_version)
        if self.dry_run:
            found["ce_dryrun"] = "true"
        return tuple([(name, found[name].encode()) for name in sorted(found)])

    @classmethod
    def of(cls, headers: Iterable[tuple[str, bytes]]) -> "Envelope":
        """Read the headers of one message; Undecodable when one is missing or malformed."""
        try:
            found = {name: value.decode() for name, value in headers if not name.startswith("outdial_")}
        except UnicodeDecodeError as error:
            raise Undecodable(f"a header is not UTF-8: {error}") from error
        missing = [name for name in _REQUIRED if not found.get(name)]
        if missing:
            raise Undecodable(f"header {', '.join(missing)} missing")
        try:
            return cls(
                time_us=microseconds(found["ce_time"]),
                sequence=int(found.get("ce_sequence", "0")),
                expiry_us=microseconds(found["ce_expirytime"]) if "ce_expirytime" in found else 0,
                expected_version=int(found["ce_expectedversion"]) if "ce_expectedversion" in found else None,
                dry_run=found.get("ce_dryrun", "false") == "true",
                **{field: found.get(header, "") for header, field in _TEXT.items()},
            )
        except ValueError as error:
            raise Undecodable(f"malformed header: {error}") from error


_texts: Final = attrgetter(*_TEXT.values())


def timestamp(time_us: int) -> str:
    """RFC 3339 in UTC with microseconds."""
    seconds, rest = divmod(time_us, 1_000_000)
    return f"{_to_the_second(seconds)}.{rest:06d}Z"


@lru_cache(maxsize=1_024)
def _to_the_second(seconds: int) -> str:
    """Instants of one batch lie close together."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def microseconds(text: str) -> int:
    """Microseconds UTC of an RFC 3339 instant; ValueError without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    whole = moment.replace(microsecond=0)
    return int(whole.timestamp()) * 1_000_000 + moment.microsecond
