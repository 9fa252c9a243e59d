"""Texts as numbers, so that a million records hold each status, reason and agent once."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
BLANK: Final = 0  # the code of the empty text


class _Known(dict[str, int]):
    def __missing__(self, text: str) -> int:
        code = self[text] = len(self)
        return code


class Texts:
    """Every text of one kind that was met, by its code."""

    def __init__(self) -> None:
        self._known = _Known({"": BLANK})

    def code(self, text: str) -> int:
        """The code of one text."""
        return self._known[text]

    def codes(self, texts: Sequence[str], count: int) -> Codes:
        """The codes of a column; an empty one stands for the empty text in every row."""
        if not texts:
            return np.zeros(count, np.int32)
        return np.fromiter(map(self._known.__getitem__, texts), np.int32, len(texts))

    def listed(self) -> list[str]:
        """All texts in the order of their codes."""
        return list(self._known)
