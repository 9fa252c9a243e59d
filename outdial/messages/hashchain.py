"""The hash chain of a stream: every event names the hash of the one before, so that an edit shows.

hash = SHA-256(tag, previous (32 zero bytes at first), epoch, then length-prefixed: key, every `ce_*`
header sorted by name (name, value), value). Integers are big-endian, 8 bytes. Vectors: schemas/golden.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, NamedTuple

from outdial.messages.codec import Undecodable
from outdial.messages.envelope import Headers, split
from outdial.messages.framing import framed, length, prefix

TAG: Final = b"outdial-event-1"
FIRST: Final = bytes(32)
EPOCH, PREVIOUS, HASH = "outdial_epoch", "outdial_prev", "outdial_hash"


class Link(NamedTuple):
    """One link of the chain: the writer's epoch, the hash before, the hash of this event."""

    epoch: int
    previous: bytes
    hash: bytes

    def headers(self) -> Headers:
        """The three headers, outside the envelope because they sign it."""
        return ((EPOCH, str(self.epoch).encode()), (PREVIOUS, self.previous), (HASH, self.hash))


def link(previous: bytes, epoch: int, key: bytes, headers: Headers, value: bytes) -> Link:
    """Chain one event to the hash before it."""
    return Link(epoch, previous, chained(previous, epoch, key, headers, value))


def chained(previous: bytes, epoch: int, key: bytes, headers: Headers, value: bytes) -> bytes:
    """The hash of one event."""
    names, contents = split(headers)
    pick, repeats = _signed(names)
    if repeats:  # the order of names alone does not decide
        names, contents = split(tuple(sorted(zip(names, contents, strict=True))))
        pick, _ = _signed(names)
    signed = pick(contents)
    frame = _frame(names, (len(key), *map(len, signed)))
    parts = (previous, epoch.to_bytes(8, "big"), key, *signed, length(value), value)
    return sha256(frame % parts).digest()


def read_link(headers: Headers) -> Link:
    """The link as stored; Undecodable when it is missing or malformed."""
    names, contents = split(headers)
    epoch, previous, digest = _stored(names)((*contents, b""))
    if not len(previous) == len(digest) == len(FIRST):
        raise Undecodable("no link of the hash chain: a hash of it is not 32 bytes long")
    try:
        return Link(int(epoch), previous, digest)
    except ValueError as error:
        raise Undecodable(f"no link of the hash chain: {error}") from error


@lru_cache(maxsize=256)
def _stored(names: Sequence[str]) -> Callable[[Sequence[bytes]], Any]:
    """What picks epoch, previous hash and hash; what is not there is the empty content at the end."""
    places = {name: at for at, name in enumerate(names)}
    return itemgetter(*(places.get(name, -1) for name in (EPOCH, PREVIOUS, HASH)))


@lru_cache(maxsize=256)
def _signed(names: Sequence[str]) -> tuple[Callable[[Sequence[bytes]], Sequence[bytes]], bool]:
    """For headers of these names: what picks the contents that are hashed; whether a name stands there twice."""
    places = [at for _, at in _in_order(names)]
    picks = itemgetter(*places) if len(places) > 1 else lambda contents: [contents[at] for at in places]
    return picks, len(set(names)) < len(names)


@lru_cache(maxsize=4_096)
def _frame(names: Sequence[str], lengths: Sequence[int]) -> bytes:
    """What stands around the parts of an event, as a format: the names, and the lengths of the key and of contents."""
    of_key, *of_contents = map(prefix, lengths)
    headers = [
        framed(name.encode()) + of for (name, _), of in zip(_in_order(names), of_contents, strict=True)
    ]
    literals = [TAG, b"", of_key, *headers, b"", b"", b""]
    return b"%b".join(literal.replace(b"%", b"%%") for literal in literals)


def _in_order(names: Sequence[str]) -> list[tuple[str, int]]:
    """The names that are signed, sorted, with their places."""
    return sorted((name, at) for at, name in enumerate(names) if name[:3] == "ce_")
