"""What the facts of an ended call mean: one outcome of schemas/reasons.yaml. The cause decides, then the SIP code."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from outdial.messages.schemas import data
from outdial.telephony.port import EndedCall

# They say no more than "it ended" (Q.850 16) or "no reason is known" (0, 31): look further.
_SAYS_NOTHING: Final = frozenset({0, 16, 31, 127})
# Nothing that we know failed: it tells nothing about the called party, and is not counted against the record.
_UNKNOWN_FAILURE: Final = "Congestion"


def outcome_of(call: EndedCall) -> str:
    """The outcome; total: a cause that no table knows is Congestion."""
    if call.answer_us:
        return _of_answered(call)
    by_cause, by_sip = _tables()
    found = None if call.cause in _SAYS_NOTHING else by_cause.get(call.cause)
    found = found or by_sip.get(call.sip_code)
    if found is None:
        found = "NoAnswer" if call.ring_us else _UNKNOWN_FAILURE
    # The same time-out without any ringing: the party's line was never reached (telephony reference, section 4).
    return "Unreachable" if found == "NoAnswer" and not call.ring_us else found


def _of_answered(call: EndedCall) -> str:
    if call.answered_by == "machine":
        return "AnsweringMachine"
    if call.answered_by == "fax":
        return "Fax"
    if call.connect_us:
        return "Answered"
    return "CustomerHangup" if call.hung_up_by == "party" else "Abandoned"


@cache
def _tables() -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Outcome by Q.850 cause and by SIP code; the first outcome that names a code has it."""
    by_cause: dict[int, str] = {}
    by_sip: dict[int, str] = {}
    outcomes: Mapping[str, Mapping[str, Any]] = data("reasons")["outcomes"]
    for outcome, entry in outcomes.items():
        for cause in entry.get("q850", ()):
            by_cause.setdefault(cause, outcome)
        for code in entry.get("sip", ()):
            by_sip.setdefault(code, outcome)
    return by_cause, by_sip
