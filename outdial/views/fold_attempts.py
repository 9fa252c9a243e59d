"""Folds attempts into the views: claimed, ended, corrected, withdrawn, and their dispositions.

Status, reason and next attempt in an event are the record's afterwards, also where the fact changes nothing.
"""

from collections.abc import Sequence
from typing import Any, Final

from outdial.campaign.events import (
    AttemptsClaimed,
    AttemptsCorrected,
    AttemptsEnded,
    AttemptsWithdrawn,
    DispositionRecorded,
)
from outdial.campaign.vocabulary import ANSWERED, UNCOUNTED
from outdial.views.batch import Batch
from outdial.views.columns import filled, storable
from outdial.views.rows import AttemptRow, StateRow

PENDING: Final = "Pending"
WITHDRAWN: Final = "Withdrawn"


def claimed(batch: Batch, campaign: str, event: AttemptsClaimed, at_us: int) -> None:
    """A call may be up for each record from here on."""
    count = len(event.record)
    attempts, passes = filled(event.attempt, count, 1), filled(event.pass_number, count, 1)
    zones = filled(event.zone, count, "")
    for record, attempt, pass_number, zone in zip(event.record, attempts, passes, zones, strict=True):
        state = batch.states.change(campaign, record)
        if state is None:
            continue
        state.is_open, state.claims, state.claim_pass = True, attempt, state.pass_number
        batch.attempts.add(
            AttemptRow(
                campaign,
                record,
                attempt,
                pass_number,
                at_us,
                event.originate_before_us,
                caller_id=event.caller_id,
                zone=zone,
            )
        )


def withdrawn(batch: Batch, campaign: str, event: AttemptsWithdrawn) -> None:
    """Nothing was dialled; the records are as before the claim."""
    for record, attempt in zip(event.record, filled(event.attempt, len(event.record), 1), strict=True):
        if state := batch.states.change(campaign, record):
            state.is_open = False
        if made := batch.attempts.change(campaign, record, attempt):
            made.outcome = WITHDRAWN


def ended(batch: Batch, campaign: str, event: AttemptsEnded | AttemptsCorrected, at_us: int) -> None:
    """How the calls ended, and what the records are afterwards."""
    count = len(event.record)
    is_correction = isinstance(event, AttemptsCorrected)
    attempts, passes = filled(event.attempt, count, 1), filled(event.pass_number, count, 1)
    agents, due_us = filled(event.agent, count, ""), filled(event.next_attempt_us, count, 0)
    ends = Ends(event)
    for place, record in enumerate(event.record):
        outcome, made = event.outcome[place], batch.attempts.change(campaign, record, attempts[place])
        was_withdrawn = made is not None and made.outcome == WITHDRAWN
        if made is not None:
            ends.note(made, place)
        state = batch.states.change(campaign, record)
        if state is None:
            continue
        # what was thought never placed was not counted when it was withdrawn
        is_new = not is_correction or (was_withdrawn and state.pass_number == passes[place])
        state.attempts += is_new and outcome not in UNCOUNTED
        state.last_attempt_us = state.updated_us = at_us
        state.is_open = state.is_open and is_correction
        state.last_agent = agents[place] or state.last_agent
        _stand(state, event.status[place], event.reason[place], due_us[place])


def disposition_recorded(batch: Batch, campaign: str, event: DispositionRecorded, at_us: int) -> None:
    """An agent's result; the record shows it when it speaks of the last attempt, made in this pass."""
    if made := batch.attempts.change(campaign, event.record, event.attempt):
        made.dispositions = [*made.dispositions, said(event, at_us)]
    state = batch.states.find(campaign, event.record)
    if state is None or state.claims != event.attempt or state.claim_pass != state.pass_number:
        return
    batch.states.change(campaign, event.record)
    state.disposition, state.updated_us = storable(event.disposition), at_us
    state.last_agent = storable(event.agent) or state.last_agent
    _stand(state, event.status, event.reason, event.next_attempt_us)


def said(event: DispositionRecorded, at_us: int) -> dict[str, Any]:
    """A disposition as its attempt keeps it."""
    told: dict[str, Any] = storable(
        {
            "disposition": event.disposition,
            "agent": event.agent,
            "at_us": at_us,
            "callback_us": event.callback_us,
            "correction": event.is_correction,
        }
    )
    return told


def _stand(state: StateRow, status: str, reason: str, next_us: int) -> None:
    """An answered record that is not due again and not final waits for its disposition."""
    state.status, state.reason, state.next_attempt_us = status, reason, next_us
    state.is_awaiting = status == PENDING and reason == ANSWERED and not next_us


class Ends:
    """How the calls of an event ended, row by row."""

    def __init__(self, event: AttemptsEnded | AttemptsCorrected) -> None:
        count = len(event.record)
        times = (event.ring_us, event.answer_us, event.connect_us, event.hangup_us)
        self._times: list[Sequence[int]] = [filled(column, count, 0) for column in times]
        self._causes, self._sip = filled(event.cause, count, 0), filled(event.sip_code, count, 0)
        self._outcomes, self._agents = event.outcome, filled(event.agent, count, "")

    def note(self, made: AttemptRow, place: int) -> None:
        """Write one row's outcome and evidence to its attempt."""
        made.outcome, made.agent = self._outcomes[place], self._agents[place]
        made.ring_us, made.answer_us, made.connect_us, made.hangup_us = (one[place] for one in self._times)
        made.cause, made.sip_code = self._causes[place], self._sip[place]
