"""How the projection stands, written by its handler and read by health, watchdog and metrics in another thread."""

import time
from dataclasses import dataclass, field

from outdial.runtime.health import Readiness


@dataclass(slots=True)
class Standing:
    """`waits_for` says what is missing until the engine runs, `problem` what is wrong now; both empty = well.

    `at` are the next offsets of the partitions that are ours, `behind` how many offsets the log is ahead of them;
    `backend` is the database's process that folds for us.
    """

    waits_for: str = "start"
    problem: str = ""
    at: dict[int, int] = field(default_factory=dict)
    behind: dict[int, int] = field(default_factory=dict)
    parked: set[str] = field(default_factory=set)
    working_since: float = 0.0
    backend: int = 0

    def begin_work(self) -> None:
        """A statement of the fold is on its way to the database."""
        self.working_since = time.monotonic()

    def end_work(self) -> None:
        """The database has answered."""
        self.working_since = 0.0

    def works_for_s(self) -> float:
        """For how long the database has been at work on one batch; 0 while it is not."""
        since = self.working_since
        return time.monotonic() - since if since else 0.0

    def readiness(self) -> Readiness:
        """Ready while the database answers. Parked campaigns are an alarm: the others are served."""
        waits = tuple(one for one in (self.waits_for, self.problem) if one)
        details = {"cursors": dict(self.at), "behind": dict(self.behind), "parked": sorted(self.parked)}
        return Readiness(waits, details)
