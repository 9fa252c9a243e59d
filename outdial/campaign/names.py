"""A table of names and their small codes: code 0 is blank, codes are given in order of first appearance."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt


class Names:
    """Interned names; the order of appearance makes two folds of one history equal."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = [""]
        self._codes = {"": 0}
        for name in names:
            self.code(name)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, code: int) -> str:
        return self._names[code]

    def code(self, name: str) -> int:
        """The code of a name, a new one when it was never seen."""
        found = self._codes.get(name)
        if found is None:
            found = self._codes[name] = len(self._names)
            self._names.append(name)
        return found

    def codes(self, names: Sequence[str]) -> npt.NDArray[np.int64]:
        """The codes of many names."""
        for name in dict.fromkeys(names):
            self.code(name)
        return np.fromiter(map(self._codes.__getitem__, names), np.int64, len(names))

    def find(self, name: str) -> int | None:
        """The code of a name that was seen, else None; never adds."""
        return self._codes.get(name)

    def all(self) -> tuple[str, ...]:
        """Every name but the blank one, in order of their codes."""
        return tuple(self._names[1:])
