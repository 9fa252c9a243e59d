"""The phone index of a campaign: keyed 64-bit hash of a number -> the record that holds it. Knows no phone number."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_MERGE_AT: Final = 50_000
_NOBODY: Final = 0  # no record has the number 0
_MAGIC: Final = b"outdial-phones-1"


class PhoneIndex(Mapping[int, int]):
    """Pairs of hash and record, 12 bytes each, sorted by hash; the newest in lists until they are many.

    Where duplicates are allowed several records hold one number; the first that is still there is its owner.
    """

    def __init__(self) -> None:
        self._hashes: npt.NDArray[np.uint64] = np.zeros(0, np.uint64)
        self._records: npt.NDArray[np.uint32] = np.zeros(0, np.uint32)
        self._recent: dict[int, int] = {}
        self._added: list[tuple[int, int]] = []

    def __len__(self) -> int:
        self._merge()
        return len(np.unique(self._hashes))

    def __iter__(self) -> Iterator[int]:
        self._merge()
        return iter(np.unique(self._hashes).tolist())

    def __getitem__(self, phone_hash: int) -> int:
        found = self.owners([phone_hash])[0]
        if found is None:
            raise KeyError(phone_hash)
        return found

    def add(self, phone_hash: int, record: int) -> None:
        """The record holds the number."""
        self._recent.setdefault(phone_hash, record)
        self._added.append((phone_hash, record))
        if len(self._added) >= _MERGE_AT:
            self._merge()

    def add_all(self, phone_hashes: Iterable[int], first_record: int) -> None:
        """The records `first_record`, `first_record + 1` … hold the numbers."""
        marks = list(phone_hashes)
        records = range(first_record, first_record + len(marks))
        deque(map(self._recent.setdefault, marks, records), maxlen=0)
        self._added += zip(marks, records, strict=True)
        if len(self._added) >= _MERGE_AT:
            self._merge()

    def remove(self, records: Iterable[int]) -> None:
        """Nobody holds the numbers of these records any more."""
        self._merge()
        gone = np.isin(self._records, np.fromiter(records, np.uint32))
        self._hashes, self._records = self._hashes[~gone], self._records[~gone]

    def owners(self, phone_hashes: Sequence[int]) -> list[int | None]:
        """Who holds each number, None = nobody."""
        marks = np.array(phone_hashes, np.uint64)
        found = np.full(len(marks), _NOBODY, np.uint32)
        if len(self._hashes):
            places = np.minimum(np.searchsorted(self._hashes, marks), len(self._hashes) - 1)
            found = np.where(self._hashes[places] == marks, self._records[places], found)
        recent = self._recent
        pairs = zip(phone_hashes, found.tolist(), strict=True)
        return [record or recent.get(mark) for mark, record in pairs]

    def to_bytes(self) -> bytes:
        """The index as bytes, equal for equal content."""
        self._merge()
        return _MAGIC + self._hashes.astype("<u8").tobytes() + self._records.astype("<u4").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "PhoneIndex":
        """The index again; ValueError when the bytes are none."""
        count, rest = divmod(len(data) - len(_MAGIC), 12)
        if rest or count < 0 or not data.startswith(_MAGIC):
            raise ValueError("no phone index")
        index = cls()
        middle = len(_MAGIC) + 8 * count
        index._hashes = np.frombuffer(data[len(_MAGIC) : middle], "<u8").astype(np.uint64)
        index._records = np.frombuffer(data[middle:], "<u4").astype(np.uint32)
        return index

    def _merge(self) -> None:
        if not self._added:
            return
        marks, records = zip(*self._added, strict=True)
        hashes = np.concatenate([self._hashes, np.array(marks, np.uint64)])
        owners = np.concatenate([self._records, np.array(records, np.uint32)])
        order = np.lexsort((owners, hashes))
        self._hashes, self._records = hashes[order], owners[order]
        self._recent, self._added = {}, []


def owners(index: Mapping[int, int], phone_hashes: Sequence[int]) -> list[int | None]:
    """Who holds each number, None = nobody; in one step where the index can."""
    if isinstance(index, PhoneIndex):
        return index.owners(phone_hashes)
    return [index.get(mark) for mark in phone_hashes]
