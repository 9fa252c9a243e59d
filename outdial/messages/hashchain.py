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
from outdial.messages.framing import LENGTHS, SHORT, framed, length

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
    template, pick, repeats = _signed(names)
    if repeats:  # the order of names alone does not decide
        names, contents = split(tuple(sorted(zip(names, contents, strict=True))))
        template, pick, _ = _signed(names)
    signed = pick(contents)
    pieces = template.copy()
    pieces[1:5] = previous, epoch.to_bytes(8, "big"), length(key), key
    pieces[6:-2:3] = [LENGTHS[len(one)] if len(one) < SHORT else length(one) for one in signed]
    pieces[7:-2:3] = signed
    pieces[-2:] = length(value), value
    return sha256(b"".join(pieces)).digest()


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
def _signed(names: Sequence[str]) -> tuple[list[bytes], Callable[[Sequence[bytes]], Any], bool]:
    """For headers of these names: the pieces of what is hashed, empty where each event has its own, three for each
    signed header, its framed name first; what picks the contents in that order; whether a name stands there twice.
    """
    signed = sorted((name, at) for at, name in enumerate(names) if name[:3] == "ce_")
    headers = [piece for name, _ in signed for piece in (framed(name.encode()), b"", b"")]
    pieces = [TAG, b"", b"", b"", b"", *headers, b"", b""]
    places = [at for _, at in signed]
    picks = itemgetter(*places) if len(places) > 1 else lambda contents: [contents[at] for at in places]
    return pieces, picks, len(set(names)) < len(names)
