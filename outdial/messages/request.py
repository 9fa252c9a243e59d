"""The hash of a request: two commands of one id are the same request if and only if these are equal."""

from hashlib import sha256
from typing import Final

from outdial.messages.envelope import Envelope

TAG: Final = b"outdial-request-1"


def request_hash(envelope: Envelope, value: bytes) -> bytes:
    """SHA-256(tag, then length-prefixed: type, subject, expected version, dry run, value).

    The actor, the deadline and the trace are no part: a retry may come from elsewhere and later.
    """
    expected = "" if envelope.expected_version is None else str(envelope.expected_version)
    digest = sha256(TAG)
    for part in (envelope.type, envelope.subject, expected, "true" if envelope.dry_run else ""):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "big") + data)
    digest.update(len(value).to_bytes(8, "big") + value)
    return digest.digest()
