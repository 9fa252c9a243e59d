"""The rows of a sample, with the account of what is wrong in them."""

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from outdial.files.sample import values
from outdial.files.sample.phones import sample_phone
from outdial.files.sample.values import SampleCell


@dataclass(frozen=True, slots=True)
class SampleSummary:
    """What was written: `rows` = `valid` + `invalid` + `duplicates`; `blank` rows stand between them."""

    rows: int
    valid: int
    invalid: int
    duplicates: int
    blank: int
    codes: dict[str, int]
    """How many rows have which row code as their first fault (`duplicate-in-file` included)."""


class Dirt:
    """Makes the rows: in every hundred, each fault once, two duplicates and a blank row."""

    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._phones = 0
        self._earlier: deque[str] = deque(maxlen=values.PERIOD)
        self._codes: Counter[str] = Counter()
        self._blank = 0

    def rows(self, count: int) -> Iterator[list[SampleCell]]:
        for index in range(count):
            place = index % values.PERIOD
            if place == values.BLANK_BEFORE:
                self._blank += 1
                yield [None, "  ", None] if index // values.PERIOD % 2 else []
            if place in values.FAULTS:
                yield self._faulty(index, *values.FAULTS[place])
            elif place in values.DUPLICATES:
                self._codes["duplicate-in-file"] += 1
                yield self._row(index, self._random.choice(self._earlier))
            else:
                yield self._row(index, self._new_phone(valid=True))

    def summary(self, rows: int) -> SampleSummary:
        duplicates = self._codes["duplicate-in-file"]
        invalid = self._codes.total() - duplicates
        return SampleSummary(
            rows=rows,
            valid=rows - invalid - duplicates,
            invalid=invalid,
            duplicates=duplicates,
            blank=self._blank,
            codes=dict(self._codes),
        )

    def _new_phone(self, valid: bool = False) -> str:
        phone = sample_phone(self._phones)
        self._phones += 1
        if valid:
            self._earlier.append(phone)
        return phone

    def _faulty(self, index: int, code: str, column: int, wrong: tuple[SampleCell, ...]) -> list[SampleCell]:
        self._codes[code] += 1
        # A good number that no other row has, so that the fault is the only one.
        row = self._row(index, self._new_phone())
        row[column] = self._random.choice(wrong)
        return row

    def _row(self, index: int, phone: str) -> list[SampleCell]:
        pick = self._random.choice
        notations = values.NOTATIONS + values.BRITISH if phone.startswith("+44") else values.NOTATIONS
        name = pick(values.NAMES)
        if name and index % 3:
            name = f"{name} {index}"
        agent, skill = pick((*values.AGENTS, f" {values.AGENTS[0]} ", None)), pick((*values.SKILLS, None))
        return [
            pick(notations)(phone),
            name,
            pick(values.PRIORITIES),
            pick(values.EXPIRIES),
            agent,
            skill,
            pick(values.CITIES),
            "Pending",
        ]
