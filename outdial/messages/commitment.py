"""Salted commitments: 16 bytes that prove a person's row later and say nothing once row and salt are gone."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

TAG: Final = b"outdial-person-1"
SALT_LENGTH: Final = 16
COMMITMENT_LENGTH: Final = 16


def commit(salt: bytes, phone: str, name: str, extra: Mapping[str, str]) -> bytes:
    """SHA-256(tag, salt, then length-prefixed: phone, name, extra columns sorted by name), cut to 16 bytes.

    Lengths are big-endian, 8 bytes; texts UTF-8.
    """
    digest = sha256(TAG + salt)
    for text in (phone, name, *(part for pair in sorted(extra.items()) for part in pair)):
        data = text.encode()
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()[:COMMITMENT_LENGTH]
