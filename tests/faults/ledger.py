"""What the clients of a run asked and heard, and when: the other half of what the log is held against."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from outdial.client.requests import Answer
from outdial.messages.partition import partition_of
from tests.faults.deployment import PARTITIONS
from tests.kit.settled_log import TOLD

Key = tuple[str, str]


def partition(stream: str) -> int:
    """The partition of a stream in the deployments of the harness."""
    return partition_of(stream.encode(), PARTITIONS)


@dataclass(slots=True)
class Ledger:
    """Times are of the monotonic clock, in seconds."""

    told: list[dict[str, Any]] = field(default_factory=list)
    open: dict[Key, float] = field(default_factory=dict)
    heard: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    repeats: int = 0
    doubles: int = 0

    def hear(self, answer: Answer) -> None:
        """Keep an answer."""
        names = ("stream", "command_id", "replayed", *TOLD)
        self.told.append({name: getattr(answer, name) for name in names})
        self.heard[partition(answer.stream)].append(time.monotonic())

    def open_on(self, partitions: set[int]) -> int:
        """How many commands of these partitions wait for their answers now."""
        return sum(partition(stream) in partitions for stream, _ in self.open)

    def silence_s(self, since: float, partitions: set[int]) -> float:
        """The longest time without an answer that a partition of these went through after an instant."""
        return max((self._silence(since, self.heard[number]) for number in partitions), default=0.0)

    def has_heard(self, since: float, partitions: set[int], times: int) -> bool:
        """Whether each of these partitions has answered that often since."""
        return all(sum(at > since for at in self.heard[number]) >= times for number in partitions)

    @staticmethod
    def _silence(since: float, heard: list[float]) -> float:
        pairs = pairwise(heard)
        return max((after - max(before, since) for before, after in pairs if after > since), default=0.0)
