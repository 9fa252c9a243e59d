"""Facts on a campaign in memory; each function does what its namesake of `fold_attempts` does to the tables."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from outdial.campaign.events import (
    AttemptsClaimed,
    AttemptsCorrected,
    AttemptsEnded,
    AttemptsWithdrawn,
    DispositionRecorded,
    RecordsExcluded,
)
from outdial.campaign.vocabulary import ANSWERED, FORCE_COMPLETED, UNCOUNTED
from outdial.views.columns import storable
from outdial.views.fill.held import Held, Named, whole
from outdial.views.fill.states import Mask, NotFillable, Numbers
from outdial.views.fill.texts import BLANK
from outdial.views.fold_attempts import PENDING, WITHDRAWN, Ends, said

_TIMES: Final = ("ring_us", "answer_us", "connect_us", "hangup_us")


def claimed(held: Held, event: AttemptsClaimed, at_us: int) -> None:
    """A call may be up for each record from here on. Raises NotFillable for an attempt that was claimed before."""
    count, states = len(event.record), held.states
    records = whole(event.record, count, 0)
    there = states.has(records)
    numbers = whole(event.attempt, count, 1, np.int32)[there]
    records = records[there]
    rows = states.rows
    if len(set(event.record)) < count or (numbers <= rows["claims"][records]).any():
        raise NotFillable(f"{held.campaign}: an attempt is claimed twice")
    made, places = held.attempts.add(len(records))
    made["record"], made["attempt"] = records, numbers
    made["pass_number"] = whole(event.pass_number, count, 1, np.int32)[there]
    made["claimed_us"], made["originate_before_us"] = at_us, event.originate_before_us
    made["caller_id"] = held.texts.code(event.caller_id)
    made["zone"] = held.texts.codes(event.zone, count)[there]
    rows["is_open"][records], rows["has_previous"][records] = True, False
    rows["claims"][records], rows["attempt_place"][records] = numbers, places
    rows["claim_pass"][records] = rows["pass_number"][records]


def withdrawn(held: Held, event: AttemptsWithdrawn, named: Named) -> None:
    """Nothing was dialled; the records are as before the claim."""
    records = whole(event.record, 0, 0)
    inside = named.places >= 0
    held.attempts.rows["outcome"][named.places[inside] - held.attempts.first] = held.texts.code(WITHDRAWN)
    for made in named.written.values():
        made.outcome = WITHDRAWN
    there = records[held.states.has(records)]
    held.states.rows["is_open"][there], held.states.rows["has_previous"][there] = False, False


def ended(held: Held, event: AttemptsEnded | AttemptsCorrected, at_us: int, named: Named) -> None:
    """How the calls ended, and what the records are afterwards. No record may stand twice in the event."""
    count, rows = len(event.record), held.states.rows
    agents, outcomes = held.texts.codes(event.agent, count), held.texts.codes(event.outcome, count)
    was_withdrawn = _note(held, event, named, (outcomes, agents))
    records = whole(event.record, count, 0)
    there = held.states.has(records)
    records, agents, outcomes = records[there], agents[there], outcomes[there]
    is_new = np.ones(len(records), np.bool_)
    if isinstance(event, AttemptsCorrected):
        # what was thought never placed was not counted when it was withdrawn
        passes = whole(event.pass_number, count, 1, np.int32)[there]
        is_new = was_withdrawn[there] & (rows["pass_number"][records] == passes)
    else:
        rows["is_open"][records] = False
    uncounted = [held.texts.code(outcome) for outcome in sorted(UNCOUNTED)]
    rows["attempts"][records] += is_new & ~np.isin(outcomes, uncounted)
    rows["last_attempt_us"][records] = rows["updated_us"][records] = at_us
    rows["has_previous"][records] = False
    rows["last_agent"][records] = np.where(agents == BLANK, rows["last_agent"][records], agents)
    statuses, reasons = held.texts.codes(event.status, count), held.texts.codes(event.reason, count)
    due_us = whole(event.next_attempt_us, count, 0)
    _stand(held, records, (statuses[there], reasons[there]), due_us[there])


def _note(
    held: Held,
    event: AttemptsEnded | AttemptsCorrected,
    named: Named,
    said: tuple[NDArray[Any], NDArray[Any]],
) -> Mask:
    """Write the evidence to the attempts; which of them were withdrawn before."""
    count, rows = len(event.record), held.attempts.rows
    inside = named.places >= 0
    places = named.places[inside] - held.attempts.first
    was_withdrawn = np.zeros(count, np.bool_)
    was_withdrawn[inside] = rows["outcome"][places] == held.texts.code(WITHDRAWN)
    for name in _TIMES:
        rows[name][places] = whole(getattr(event, name), count, 0)[inside]
    for name in ("cause", "sip_code"):
        rows[name][places] = whole(getattr(event, name), count, 0, np.int32)[inside]
    rows["outcome"][places], rows["agent"][places] = (codes[inside] for codes in said)
    ends = Ends(event)
    for place, made in named.written.items():
        was_withdrawn[place] = made.outcome == WITHDRAWN
        ends.note(made, place)
    return was_withdrawn


def disposition_recorded(held: Held, event: DispositionRecorded, at_us: int, named: Named) -> None:
    """An agent's result; the record shows it when it speaks of the last attempt, made in this pass."""
    place = int(named.places[0])
    if place >= 0:
        held.attempts.said.setdefault(place, []).append(said(event, at_us))
    for made in named.written.values():
        made.dispositions = [*made.dispositions, said(event, at_us)]
    record = np.array([event.record], np.int64)
    if not held.states.has(record)[0]:
        return
    state = held.states.rows[event.record]
    if state["claims"] != event.attempt or state["claim_pass"] != state["pass_number"]:
        return
    state["disposition"], state["updated_us"] = held.texts.code(storable(event.disposition)), at_us
    state["has_previous"] = False
    if event.agent:
        state["last_agent"] = held.texts.code(storable(event.agent))
    codes = held.texts.codes([event.status, event.reason], 2)
    _stand(held, record, (codes[:1], codes[1:]), whole([event.next_attempt_us], 1, 0))


def excluded(held: Held, event: RecordsExcluded, at_us: int) -> None:
    """Final, each with its reason."""
    count, rows = len(event.record), held.states.rows
    records = whole(event.record, count, 0)
    there = held.states.has(records)
    reasons = held.texts.codes(event.reason, count)[there]
    forced = reasons == held.texts.code(FORCE_COMPLETED)
    records = records[there]
    rows["status"][records] = np.where(forced, held.texts.code("Complete"), held.texts.code("Fail"))
    rows["reason"][records], rows["next_attempt_us"][records] = reasons, 0
    rows["updated_us"][records], rows["has_previous"][records] = at_us, False


def _stand(held: Held, records: Numbers, said: tuple[NDArray[Any], NDArray[Any]], due_us: Numbers) -> None:
    """An answered record that is not due again and not final waits for its disposition."""
    rows, (statuses, reasons) = held.states.rows, said
    rows["status"][records], rows["reason"][records], rows["next_attempt_us"][records] = (*said, due_us)
    pending, answered = held.texts.code(PENDING), held.texts.code(ANSWERED)
    rows["is_awaiting"][records] = (statuses == pending) & (reasons == answered) & (due_us == 0)
