"""Sets of records as they stand in events: roaring bitmaps in the portable format, and the hash of a selection."""

from hashlib import sha256
from typing import Final

import numpy as np
from pyroaring import BitMap

TAG: Final = b"outdial-selection-1"
HASH_LENGTH: Final = 16


def to_bytes(records: BitMap) -> bytes:
    """The set in the portable format of roaring bitmaps, run-length encoded where that is shorter."""
    packed = records.copy()
    packed.run_optimize()
    return packed.serialize()


def from_bytes(data: bytes) -> BitMap:
    """The set; ValueError when the bytes are none."""
    return BitMap.deserialize(data)


def selection_hash(records: BitMap) -> str:
    """What confirms exactly these records, as hex: SHA-256(tag, numbers ascending as 4 bytes big-endian), 16 bytes."""
    numbers = np.frombuffer(records.to_array(), np.uint32).astype(">u4")
    return sha256(TAG + numbers.tobytes()).hexdigest()[: HASH_LENGTH * 2]
