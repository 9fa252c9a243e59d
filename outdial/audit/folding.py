"""What a campaign or a do-not-call list was after one of its events, by the same fold that the services use."""

from typing import Any

from outdial.audit.checking import Checked
from outdial.campaign.counts import counts
from outdial.campaign.evolve import evolve
from outdial.campaign.snapshot import fingerprint
from outdial.campaign.state import CampaignState, initial
from outdial.campaign.wire import from_fields
from outdial.donotcall import evolve as list_fold
from outdial.donotcall import snapshot as list_snapshot
from outdial.donotcall import state as list_state
from outdial.donotcall import wire as list_wire
from outdial.donotcall.lists import is_list
from outdial.donotcall.state import DoNotCallList
from outdial.messages.envelope import Envelope, timestamp

State = CampaignState | DoNotCallList


class UnknownMoment(Exception):
    """The stream has no such event."""


class Folding:
    """One stream up to the event `at`, or to its last."""

    def __init__(self, stream: str, at: int | None) -> None:
        self._at, self._last = at, 0
        self._state: Any = list_state.initial(stream) if is_list(stream) else initial(stream)
        self._moment: Envelope | None = None

    def take(self, event: Checked) -> None:
        """The next event of the stream."""
        self._last = event.envelope.sequence
        if self._at is None or self._last <= self._at:
            self._state = _after(self._state, event)
            self._moment = event.envelope

    def told(self) -> dict[str, Any]:
        """Version, what is in it and fingerprint as of then. Raises UnknownMoment."""
        state, moment = self._state, self._moment
        if moment is None or (self._at is not None and not 0 < self._at <= self._last):
            has = f"the events 1 to {self._last}" if self._last else "no events"
            raise UnknownMoment(f"{state.stream} has {has}")
        what = {
            "sequence": state.sequence,
            "version": state.version,
            "time": timestamp(moment.time_us),
            "event": moment.type.removeprefix("outdial."),
            "actor": moment.actor,
        }
        return _list_told(state, what) if isinstance(state, DoNotCallList) else _campaign_told(state, what)


def _after(state: State, event: Checked) -> State:
    name, at_us = event.name.removeprefix("outdial."), event.envelope.time_us
    change: Any
    if isinstance(state, DoNotCallList):
        change = list_wire.from_fields(name, event.fields)
        return list_fold.evolve(state, change, at_us)
    change = from_fields(name, event.fields)
    return evolve(state, change, at_us)


def _list_told(state: DoNotCallList, what: dict[str, Any]) -> dict[str, Any]:
    told = {"list": state.list_id, "name": state.name, "numbers": len(state.entries)}
    return {**told, **what, "fingerprint": list_snapshot.fingerprint(state)}


def _campaign_told(state: CampaignState, what: dict[str, Any]) -> dict[str, Any]:
    found = counts(state)
    return {
        "campaign": state.campaign_id,
        "position": str(state.position),
        **what,
        "records": found.total,
        "active": found.active,
        "in_progress": found.in_progress,
        "by_status": {name: total for name, total in found.by_status.items() if total},
        "fingerprint": fingerprint(state),
    }
