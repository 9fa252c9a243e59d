"""The campaigns that a fill has in memory, in the order in which they were last at work, and how much that is."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Final

from outdial.views.fill.held import Held
from outdial.views.fill.texts import Texts

HELD_STATES_BYTES: Final = 600_000_000  # one campaign of the most records there may be, five million
HELD_ATTEMPTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is held before something is written."""

    states_bytes: int = HELD_STATES_BYTES
    attempts: int = HELD_ATTEMPTS


class Memory(Container[str]):
    """Campaigns by their id."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held: dict[str, Held] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._texts = Texts()
        self._bytes = self._attempts = 0

    def __contains__(self, campaign: object) -> bool:
        return campaign in self._held

    def get(self, campaign: str) -> Held | None:
        """A campaign, None when it is not held."""
        return self._held.get(campaign)

    def open(self, campaign: str) -> None:
        """Hold a new campaign."""
        self._held[campaign] = Held(campaign, self._texts)

    def close(self, held: Held) -> None:
        """Let go of a campaign."""
        del self._held[held.campaign]
        states, attempts = self._sizes.pop(held.campaign, (0, 0))
        self._bytes, self._attempts = self._bytes - states, self._attempts - attempts

    def used(self, campaigns: Iterable[str]) -> None:
        """These were at work last."""
        for campaign in campaigns:
            held = self._held.pop(campaign, None)
            if held is None:
                continue
            self._held[campaign] = held
            before = self._sizes.get(campaign, (0, 0))
            after = self._sizes[campaign] = held.states.size_bytes, len(held.attempts.rows)
            self._bytes, self._attempts = (
                self._bytes + after[0] - before[0],
                self._attempts + after[1] - before[1],
            )

    def all(self) -> list[Held]:
        """Every campaign, the one that was idle longest first."""
        return list(self._held.values())

    def too_many_attempts(self) -> list[tuple[Held, int]]:
        """Attempts to be written so that half the limit stays: of idle campaigns all, of the last the older half."""
        if self._attempts <= self._limits.attempts:
            return []
        found: list[tuple[Held, int]] = []
        left, idle = self._attempts, self.all()
        for held in idle:
            if left <= self._limits.attempts // 2:
                break
            count = len(held.attempts.rows)
            found.append((held, count if held is not idle[-1] else -(-count // 2)))
            left -= count
        return [(held, count) for held, count in found if count]

    def too_many_states(self) -> list[Held]:
        """Campaigns to be put away so that three quarters of the limit stay."""
        if self._bytes <= self._limits.states_bytes:
            return []
        found: list[Held] = []
        left = self._bytes
        for held in self.all():
            if left <= self._limits.states_bytes * 3 // 4:
                break
            found.append(held)
            left -= held.states.size_bytes
        return found
