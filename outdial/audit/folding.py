"""What a campaign was after one of its events, by the same fold that the services use."""

from typing import Any

from outdial.audit.checking import Checked
from outdial.campaign.counts import counts
from outdial.campaign.evolve import evolve
from outdial.campaign.snapshot import fingerprint
from outdial.campaign.state import initial
from outdial.campaign.wire import from_fields
from outdial.messages.envelope import Envelope, timestamp


class UnknownMoment(Exception):
    """The campaign has no such event."""


class Folding:
    """One campaign up to the event `at`, or to its last."""

    def __init__(self, campaign: str, at: int | None) -> None:
        self._at, self._state, self._last = at, initial(campaign), 0
        self._moment: Envelope | None = None

    def take(self, event: Checked) -> None:
        """The next event of the campaign."""
        self._last = event.envelope.sequence
        if self._at is None or self._last <= self._at:
            change: Any = from_fields(event.name.removeprefix("outdial."), event.fields)
            self._state = evolve(self._state, change, event.envelope.time_us)
            self._moment = event.envelope

    def told(self) -> dict[str, Any]:
        """Position, version, counts and fingerprint as of then. Raises UnknownMoment."""
        state, moment = self._state, self._moment
        if moment is None or (self._at is not None and not 0 < self._at <= self._last):
            has = f"the events 1 to {self._last}" if self._last else "no events"
            raise UnknownMoment(f"{state.campaign_id} has {has}")
        found = counts(state)
        return {
            "campaign": state.campaign_id,
            "sequence": state.sequence,
            "version": state.version,
            "position": str(state.position),
            "time": timestamp(moment.time_us),
            "event": moment.type.removeprefix("outdial."),
            "actor": moment.actor,
            "records": found.total,
            "active": found.active,
            "in_progress": found.in_progress,
            "by_status": {name: total for name, total in found.by_status.items() if total},
            "fingerprint": fingerprint(state),
        }
