"""The hash of a request: two commands of one id are the same request if and only if these are equal."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from outdial.messages.envelope import Envelope
from outdial.messages.framing import framed

TAG: Final = b"outdial-request-1"


def request_hash(envelope: Envelope, value: bytes) -> bytes:
    """SHA-256(tag, then length-prefixed: type, subject, expected version, dry run, value).

    The actor, the deadline and the trace are no part: a retry may come from elsewhere and later.
    """
    head = _head(envelope.type, envelope.subject, envelope.expected_version, envelope.dry_run)
    return sha256(head + framed(value)).digest()


@lru_cache(maxsize=1_024)
def _head(kind: str, subject: str, expected_version: int | None, dry_run: bool) -> bytes:
    expected = "" if expected_version is None else str(expected_version)
    parts = [part.encode() for part in (kind, subject, expected, "true" if dry_run else "")]
    return TAG + b"".join(map(framed, parts))
