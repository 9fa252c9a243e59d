"""Salted commitments: 16 bytes that prove a person's row later and say nothing once row and salt are gone."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import repeat
from typing import Final

TAG: Final = b"outdial-person-1"
SALT_LENGTH: Final = 16
COMMITMENT_LENGTH: Final = 16
_SHORT: Final = 256
_LENGTHS: Final = tuple(length.to_bytes(8, "big") for length in range(_SHORT))


def commit(salt: bytes, phone: str, name: str, extra: Mapping[str, str]) -> bytes:
    """SHA-256(tag, salt, then length-prefixed: phone, name, extra columns sorted by name), cut to 16 bytes.

    Lengths are big-endian, 8 bytes; texts UTF-8.
    """
    return commitments([salt], [phone], [name], {title: [text] for title, text in extra.items()})[0]


def commitments(
    salt: Sequence[bytes], phone: Sequence[str], name: Sequence[str], extra: Mapping[str, Sequence[str]]
) -> list[bytes]:
    """The same of every row of a block in columns: hashed column by column, because a million rows are hashed twice.

    `extra` holds a column under each name. ValueError when the columns differ in length.
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
        (_LENGTHS[len(data)] if len(data) < _SHORT else len(data).to_bytes(8, "big")) + data
        for data in map(str.encode, texts)
    ]
