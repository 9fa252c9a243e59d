"""Facts on a campaign in memory; each function does what its namesake of `fold_attempts` does to the tables."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from outdial.campaign.events import AttemptsWithdrawn, DispositionRecorded, RecordsExcluded
from outdial.campaign.vocabulary import ANSWERED, FORCE_COMPLETED, UNCOUNTED
from outdial.views.columns import storable
from outdial.views.fill.held import Held, Named, whole
from outdial.views.fill.pending import Claims, Rows, event_of
from outdial.views.fill.states import Mask, NotFillable, Numbers
from outdial.views.fill.texts import BLANK, Codes
from outdial.views.fold_attempts import PENDING, WITHDRAWN, Ends, said

_TEXTS: Final = ("outcome", "agent", "status", "reason")
_EVIDENCE: Final = {
    **dict.fromkeys(("ring_us", "answer_us", "connect_us", "hangup_us"), np.int64),
    **dict.fromkeys(("cause", "sip_code"), np.int32),
}


def claimed(held: Held, claims: Claims) -> None:
    """A call may be up for each record from here on. Raises NotFillable for an attempt that was claimed before."""
    count, states = len(claims.record), held.states
    records = np.array(claims.record, np.int64)
    there = states.has(records)
    records, numbers = records[there], np.array(claims.of["attempt"], np.int32)[there]
    rows = states.rows
    if (numbers <= rows["claims"][records]).any():
        raise NotFillable(f"{held.campaign}: an attempt is claimed twice")
    made, places = held.attempts.add(len(records))
    made["record"], made["attempt"] = records, numbers
    made["pass_number"] = np.array(claims.of["pass_number"], np.int32)[there]
    made["claimed_us"] = np.array(claims.at_us, np.int64)[there]
    made["originate_before_us"] = np.array(claims.originate_before_us, np.int64)[there]
    made["caller_id"] = held.texts.codes(claims.caller_id, count)[there]
    made["zone"] = held.texts.codes(claims.of["zone"], count)[there]
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


def ended(held: Held, ends: Rows, named: Named, *, is_correction: bool = False) -> None:
    """How the calls ended, and what the records are afterwards. No record may stand twice among them."""
    count, rows = len(ends.record), held.states.rows
    codes = {name: held.texts.codes(ends.of[name], count) for name in _TEXTS}
    was_withdrawn = _note(held, ends, named, codes)
    records = np.array(ends.record, np.int64)
    there = held.states.has(records)
    records = records[there]
    is_new = np.ones(len(records), np.bool_)
    if is_correction:
        # what was thought never placed was not counted when it was withdrawn
        passes = np.array(ends.of["pass_number"], np.int32)[there]
        is_new = was_withdrawn[there] & (rows["pass_number"][records] == passes)
    else:
        rows["is_open"][records] = False
    for outcome in UNCOUNTED:
        is_new &= codes["outcome"][there] != held.texts.code(outcome)
    rows["attempts"][records] += is_new
    rows["last_attempt_us"][records] = rows["updated_us"][records] = np.array(ends.at_us, np.int64)[there]
    rows["has_previous"][records] = False
    agents = codes["agent"][there]
    rows["last_agent"][records] = np.where(agents == BLANK, rows["last_agent"][records], agents)
    due_us = np.array(ends.of["next_attempt_us"], np.int64)[there]
    _stand(held, records, (codes["status"][there], codes["reason"][there]), due_us)


def _note(held: Held, ends: Rows, named: Named, codes: Mapping[str, Codes]) -> Mask:
    """Write the evidence to the attempts; which of them were withdrawn before."""
    rows = held.attempts.rows
    inside = named.places >= 0
    places = named.places[inside] - held.attempts.first
    was_withdrawn = np.zeros(len(ends.record), np.bool_)
    was_withdrawn[inside] = rows["outcome"][places] == held.texts.code(WITHDRAWN)
    for name, kind in _EVIDENCE.items():
        rows[name][places] = np.array(ends.of[name], kind)[inside]
    rows["outcome"][places], rows["agent"][places] = codes["outcome"][inside], codes["agent"][inside]
    if named.written:
        told = Ends(event_of(ends))
        for place, made in named.written.items():
            was_withdrawn[place] = made.outcome == WITHDRAWN
            told.note(made, place)
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
