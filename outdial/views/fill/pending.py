"""Claims and ends of one campaign that wait to be folded together: most come one record at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from outdial.campaign.events import AttemptsClaimed, AttemptsCorrected, AttemptsEnded

CLAIM_COLUMNS: Final[Mapping[str, Any]] = {"attempt": 1, "pass_number": 1, "zone": ""}
END_COLUMNS: Final[Mapping[str, Any]] = {
    **{"attempt": 1, "pass_number": 1, "outcome": "", "agent": "", "status": "", "reason": ""},
    **dict.fromkeys(
        ("ring_us", "answer_us", "connect_us", "hangup_us", "cause", "sip_code", "next_attempt_us"), 0
    ),
}


class Rows:
    """Rows of events of one kind in full columns, by the names of the events' fields."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        """`columns` with their defaults, beside `record` and the events' `at_us`."""
        self._defaults = columns
        self.record: list[int] = []
        self.at_us: list[int] = []
        self.of: dict[str, list[Any]] = {name: [] for name in columns}

    def add(self, event: AttemptsClaimed | AttemptsEnded | AttemptsCorrected, at_us: int) -> None:
        """The rows of one event more."""
        count = len(event.record)
        self.record += event.record
        self.at_us += [at_us] * count
        for name, default in self._defaults.items():
            self.of[name] += getattr(event, name) or [default] * count


class Claims(Rows):
    """Claimed attempts; `originate_before_us` and `caller_id` are an event's, here a row's."""

    def __init__(self) -> None:
        super().__init__(CLAIM_COLUMNS)
        self.originate_before_us: list[int] = []
        self.caller_id: list[str] = []

    def add(self, event: Any, at_us: int) -> None:
        super().add(event, at_us)
        count = len(event.record)
        self.originate_before_us += [event.originate_before_us] * count
        self.caller_id += [event.caller_id] * count


class Pending:
    """Claims first, then ends: in this order they give what the log's order gives, see `admits`."""

    def __init__(self) -> None:
        self.claims = Claims()
        self.ends = Rows(END_COLUMNS)
        self._claimed: set[int] = set()
        self._ended: set[int] = set()

    def admits(self, event: AttemptsClaimed | AttemptsEnded) -> bool:
        """Whether it may wait with the others: no record is claimed or ended twice, nor claimed after its end."""
        if not self._ended.isdisjoint(event.record):
            return False
        return isinstance(event, AttemptsEnded) or self._claimed.isdisjoint(event.record)

    def add(self, event: AttemptsClaimed | AttemptsEnded, at_us: int) -> None:
        """Wait with the others."""
        if isinstance(event, AttemptsEnded):
            self.ends.add(event, at_us)
            self._ended.update(event.record)
        else:
            self.claims.add(event, at_us)
            self._claimed.update(event.record)


def event_of(rows: Rows) -> AttemptsEnded:
    """Ends as one event."""
    columns: Mapping[str, Sequence[Any]] = {"record": rows.record, **rows.of}
    return AttemptsEnded(0, **columns)
