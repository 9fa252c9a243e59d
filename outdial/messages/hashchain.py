"""The hash chain of a stream: every event names the hash of the one before, so that an edit shows.

hash = SHA-256(tag, previous (32 zero bytes at first), epoch, then length-prefixed: key, every `ce_*`
header sorted by name (name, value), value). Integers are big-endian, 8 bytes. Vectors: schemas/golden.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from outdial.messages.codec import Undecodable
from outdial.messages.envelope import Headers

TAG: Final = b"outdial-event-1"
FIRST: Final = bytes(32)
_SHORT: Final = 256
_LENGTHS: Final = tuple(length.to_bytes(8, "big") for length in range(_SHORT))
EPOCH, PREVIOUS, HASH = "outdial_epoch", "outdial_prev", "outdial_hash"


class Link(NamedTuple):
    """One link of the chain: the writer's epoch, the hash before, the hash of this event."""

    epoch: int
    previous: bytes
    hash: bytes

    def headers(self) -> Headers:
        """The three headers, outside the envelope because they sign it."""
        return ((EPOCH, str(self.epoch).encode()), (PREVIOUS, self.previous), (HASH, self.hash))


def link(previous: bytes, epoch: int, key: bytes, headers: Iterable[tuple[str, bytes]], value: bytes) -> Link:
    """Chain one event to the hash before it."""
    pieces = [TAG, previous, epoch.to_bytes(8, "big"), _length(key), key]
    for name, content in sorted(headers):
        if name[:3] == "ce_":
            size = len(content)
            pieces += (_framed(name), _LENGTHS[size] if size < _SHORT else _length(content), content)
    pieces += (_length(value), value)
    return Link(epoch, previous, sha256(b"".join(pieces)).digest())


def read_link(headers: Iterable[tuple[str, bytes]]) -> Link:
    """The link as stored; Undecodable when it is missing or malformed."""
    found = dict(headers)
    try:
        stored = Link(int(found[EPOCH]), found[PREVIOUS], found[HASH])
    except (KeyError, ValueError) as error:
        raise Undecodable(f"no link of the hash chain: {error}") from error
    if len(stored.previous) != len(FIRST) or len(stored.hash) != len(FIRST):
        raise Undecodable("a hash of the chain is not 32 bytes long")
    return stored


def _length(part: bytes) -> bytes:
    return _LENGTHS[len(part)] if len(part) < _SHORT else len(part).to_bytes(8, "big")


@lru_cache(maxsize=256)
def _framed(name: str) -> bytes:
    """A header's name with its length: the same dozen for every event."""
    data = name.encode()
    return _length(data) + data
