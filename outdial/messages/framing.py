"""Length prefixes of what is hashed: 8 bytes, big-endian. Without them two texts could be cut elsewhere."""

from typing import Final

SHORT: Final = 256
LENGTHS: Final = tuple(length.to_bytes(8, "big") for length in range(SHORT))
"""Of everything shorter than that, which is nearly all: looked up, not made."""


def prefix(count: int) -> bytes:
    """The prefix of a part of so many bytes."""
    return LENGTHS[count] if count < SHORT else count.to_bytes(8, "big")


def length(part: bytes) -> bytes:
    """The prefix of a part."""
    return prefix(len(part))


def framed(part: bytes) -> bytes:
    """The part behind its prefix."""
    return length(part) + part
