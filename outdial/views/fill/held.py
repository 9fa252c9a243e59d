"""One campaign of a fill in memory, and the columns of its events as numpy has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from outdial.campaign import record_sets
from outdial.views.fill.attempts import Attempts
from outdial.views.fill.states import NOWHERE, Numbers, States
from outdial.views.fill.texts import Texts
from outdial.views.rows import AttemptRow


@dataclass(slots=True)
class Held:
    """Its record states, and its attempts that are not written yet."""

    campaign: str
    texts: Texts
    states: States = field(default_factory=States)
    attempts: Attempts = field(default_factory=Attempts)

    def places(self, records: Numbers, numbers: Numbers) -> Numbers:
        """Where these attempts of records stand among those held; -1 where they do not."""
        there = self.states.has(records)
        inside = records[there]
        rows = self.states.rows
        is_last = np.zeros(len(records), np.bool_)
        is_last[there] = rows["claims"][inside] == numbers[there]
        places = np.full(len(records), NOWHERE, np.int64)
        places[is_last] = rows["attempt_place"][records[is_last]]
        places[places < self.attempts.first] = NOWHERE
        for row in np.flatnonzero(there & ~is_last).tolist():
            places[row] = self.attempts.search(int(records[row]), int(numbers[row]))
        return places


@dataclass(frozen=True, slots=True)
class Named:
    """The attempts that an event names, row by row: places of those held, and rows of those in the table."""

    places: Numbers
    written: Mapping[int, AttemptRow]


def whole(
    values: Sequence[int], count: int, default: int, kind: type[np.signedinteger[Any]] = np.int64
) -> NDArray[Any]:
    """A column of integers; an empty one stands for its default. OverflowError for what PostgreSQL does not hold."""
    return np.array(values, kind) if values else np.full(count, default, kind)


def numbers_of(records: bytes) -> Numbers:
    """The numbers of a serialised record set."""
    return np.frombuffer(record_sets.from_bytes(records).to_array(), np.uint32).astype(np.int64)
