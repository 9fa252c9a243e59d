"""The numbers of one list in plain, for whoever has to ask at every call: quick to ask, cheap to change a little."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from outdial.donotcall.numbers import NO_NUMBER, NumberSet, number_of

LOOSE: Final = 10_000  # changes that are kept beside the sorted set, at least
SHARE: Final = 8  # and as a part of it: sorting again must not cost more than the changes did


class ListedNumbers:
    """Numbers by their entry. Eight bytes each for that, eight in the sorted set that is asked."""

    def __init__(self) -> None:
        self._by_entry = array("q")
        self._sorted = NumberSet()
        self._fresh: set[int] = set()
        self._gone: set[int] = set()

    def put(self, first_entry: int, phones: Sequence[str]) -> None:
        """Take in the numbers of consecutive entries, E.164; an empty one is not known (any more)."""
        end = first_entry + len(phones)
        if (missing := end - len(self._by_entry)) > 0:
            self._by_entry.extend([NO_NUMBER] * missing)
        for entry, phone in enumerate(phones, first_entry):
            if number := number_of(phone):
                self._by_entry[entry] = number
                self._fresh.add(number)
                self._gone.discard(number)

    def drop(self, entries: Iterable[int]) -> None:
        """Forget the numbers of these entries; those that were never known are passed over."""
        for entry in entries:
            if entry < len(self._by_entry) and (number := self._by_entry[entry]):
                self._by_entry[entry] = NO_NUMBER
                self._gone.add(number)
                self._fresh.discard(number)

    def of(self, phones: Sequence[str]) -> list[bool]:
        """For each phone number whether it is on the list."""
        self._settle()
        sorted_in = self._sorted.of(phones)
        if not self._fresh and not self._gone:
            return sorted_in
        numbers = map(number_of, phones)
        return [
            number in self._fresh or (found and number not in self._gone)
            for found, number in zip(sorted_in, numbers, strict=True)
        ]

    def _settle(self) -> None:
        if len(self._fresh) + len(self._gone) <= max(LOOSE, len(self._sorted) // SHARE):
            return
        known = np.array(self._by_entry, np.int64)
        self._sorted = NumberSet(known[known != NO_NUMBER])
        self._fresh, self._gone = set(), set()
