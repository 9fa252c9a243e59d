"""Interns words as small numbers, so that a column of a million of them is two bytes a row."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint16]


class CodeTable:
    """Code 0 is the blank. Codes are given in the order of first use, so that a replay gives the same ones."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.words: list[str] = [""]
        self._codes: dict[str, int] = {"": 0}
        for word in words:
            self.code(word)

    def code(self, word: str) -> int:
        """The code of a word, a new one if it is new."""
        found = self._codes.get(word)
        if found is None:
            found = self._codes[word] = len(self.words)
            self.words.append(word)
        return found

    def codes(self, words: Sequence[str]) -> Codes:
        """The codes of many words."""
        return np.fromiter((self.code(word) for word in words), np.uint16, len(words))

    def known(self, words: Iterable[str]) -> list[int]:
        """The codes of those words that have one."""
        return [self._codes[word] for word in words if word in self._codes]
