"""What came of a fault: whether it hit, what the judge found, how long clients heard nothing."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Self

from tests.faults.stage import Stage


@dataclass(frozen=True, slots=True)
class Hit:
    """`why_missed` is empty when the path was active as the fault happened; `counted` are what proves it."""

    recovery_s: float
    why_missed: str = ""
    counted: Mapping[str, int] = field(default_factory=dict)
    times: int = 1  # how many faults of the kind happened in one injection
    findings: Sequence[str] = ()  # what is wrong beside the verdict over log and clients


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault. `short` and `long`: how often it has to hit; after `per_stage` injections comes a new stage.
    `brokers` and `small_disk` say on which platform."""

    name: str
    inject: Callable[[Stage], Awaitable[Hit]]
    short: int
    long: int
    names: Sequence[str] = ("a",)
    per_stage: int = 10
    brokers: int = 1
    small_disk: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fault that happened."""

    fault: str
    seed: int
    findings: Sequence[str]
    hit: Hit

    @property
    def is_hit(self) -> bool:
        return not self.hit.why_missed

    def line(self) -> str:
        """One line of JSON, to be kept."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, line: str) -> Self:
        """What `line` made."""
        fields = json.loads(line)
        return cls(**fields | {"hit": Hit(**fields["hit"])})
