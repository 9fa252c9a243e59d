"""Salted commitments: 16 bytes that prove a person's row later and say nothing once row and salt are gone."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import repeat
from typing import Final

from outdial.messages.framing import LENGTHS, SHORT, length

TAG: Final = b"outdial-person-1"
SALT_LENGTH: Final = 16
COMMITMENT_LENGTH: Final = 16


def commitments(
    salt: Sequence[bytes], phone: Sequence[str], name: Sequence[str], extra: Mapping[str, Sequence[str]]
) -> list[bytes]:
    """Of every row of a block: SHA-256(tag, salt, then length-prefixed: phone, name, extra columns sorted by name), cut
    to 16 bytes. Lengths are big-endian, 8 bytes; texts UTF-8.

    In columns, because a million rows are hashed twice; `extra` holds a column under each name.
    ValueError when the columns differ in length.
    """
    pieces: list[Iterable[bytes]] = [repeat(TAG, len(salt)), salt, _framed(phone), _framed(name)]
    for title, values in sorted(extra.items()):
        pieces.append(_named(title, values))
    return [sha256(b"".join(row)).digest()[:COMMITMENT_LENGTH] for row in zip(*pieces, strict=True)]


def _named(title: str, values: Sequence[str]) -> list[bytes]:
    """An extra column behind its name; most hold a few values again and again."""
    (head,) = _framed([title])
    different = list(set(values))
    framed = dict(zip(different, _framed(different), strict=True))
    return [head + framed[value] for value in values]


def _framed(texts: Sequence[str]) -> list[bytes]:
    return [
        (LENGTHS[len(data)] if len(data) < SHORT else length(data)) + data for data in map(str.encode, texts)
    ]
