"""Phone numbers as whole numbers, `+441234` is 441234: small and quick to look up, for whoever has them in plain."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

NO_NUMBER: Final = 0
_MOST_DIGITS: Final = 15  # ITU-T E.164


def number_of(phone: str) -> int:
    """The digits of an E.164 number as a whole number; NO_NUMBER for what is none, and is never dialled."""
    digits = phone.removeprefix("+")
    return (
        int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS else NO_NUMBER
    )


def phone_of(number: int) -> str:
    """The number as people read it."""
    return f"+{number}"


class NumberSet:
    """An unchanging set: eight bytes a number, a look-up of many in one step."""

    def __init__(self, numbers: Iterable[int] | npt.NDArray[np.int64] = ()) -> None:
        given = numbers if isinstance(numbers, np.ndarray) else np.fromiter(numbers, np.int64)
        self._sorted = np.unique(given)

    def __len__(self) -> int:
        return len(self._sorted)

    def __contains__(self, phone: str) -> bool:
        return self.of([phone])[0]

    def of(self, phones: Sequence[str]) -> list[bool]:
        """For each phone number whether it is in the set."""
        if not len(self._sorted) or not phones:
            return [False] * len(phones)
        asked = np.fromiter(map(number_of, phones), np.int64, len(phones))
        places = np.minimum(np.searchsorted(self._sorted, asked), len(self._sorted) - 1)
        found: list[bool] = ((self._sorted[places] == asked) & (asked != NO_NUMBER)).tolist()
        return found
