"""What happens to a simulated call, decided once when it is placed: a pure function of seed, call and instant."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from outdial.telephony.port import Desk, DeskDisposition, EndedCall, Originate

SECOND_US: Final = 1_000_000
# Percent of calls; what is left to 100 is answered by a person and connected to an agent.
DEFAULT_SHARES: Final[Mapping[str, float]] = {
    "NoAnswer": 20,
    "Busy": 10,
    "AnsweringMachine": 7,
    "Unreachable": 4,
    "Rejected": 3,
    "InvalidNumber": 3,
    "OutOfOrder": 1,
    "Congestion": 2,
    "TimerExpiry": 1,
    "CustomerHangup": 1,
}
# Outcomes that belong to the number and not to the moment: the same at every attempt.
OF_THE_NUMBER: Final = frozenset({"InvalidNumber", "OutOfOrder"})
# Cause (Q.850), SIP code, whether it rings.
_FAILURES: Final[Mapping[str, tuple[int, int, bool]]] = {
    "NoAnswer": (19, 480, True),
    "Busy": (17, 486, False),
    "Unreachable": (20, 480, False),
    "Rejected": (21, 603, True),
    "InvalidNumber": (1, 404, False),
    "OutOfOrder": (27, 502, False),
    "Congestion": (34, 503, False),
    "TimerExpiry": (102, 504, False),
    "NotAuthorised": (57, 403, False),
}
ANSWERED: Final = "Answered"
OUTCOMES: Final = (ANSWERED, *_FAILURES, "AnsweringMachine", "Fax", "Abandoned", "CustomerHangup")
# How often agents choose what: weights by effect.
_WEIGHTS: Final[Mapping[str, float]] = {
    "final-success": 45,
    "final-fail": 40,
    "callback": 5,
    "retry": 6,
    "do-not-call": 4,
}
SHIFT_S: Final = 1800  # simulated; an agent promises nothing beyond the shift
CALLBACK_S: Final = (60, 300)
_STAFF: Final = tuple(f"simulated-{number}" for number in range(1, 21))


@dataclass(frozen=True, slots=True)
class Network:
    """`speed` = simulated seconds per second; `shares` in percent; `forgetful` = percent of answered calls that get no
    disposition; `lines` = calls that can be up at once."""

    seed: int = 1
    speed: float = 60.0
    shares: Mapping[str, float] = field(default_factory=lambda: DEFAULT_SHARES)
    forgetful: float = 0.0
    lines: int = 10_000


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """The whole life of a call. `disposition_us` is 0 when no agent records a result."""

    outcome: str
    facts: EndedCall
    disposition: str = ""
    disposition_us: int = 0
    callback_us: int = 0


def plan_call(network: Network, call: Originate, placed_us: int) -> PlannedCall:
    """The same seed, number and call give the same outcome, at whatever instant and speed."""
    draws = _draws(network.seed, call.call_id)
    outcome = _outcome(network, call, next(draws))
    return _Life(network, call, placed_us, outcome, draws).plan()


def _outcome(network: Network, call: Originate, draw: float) -> str:
    of_number = next(_draws(network.seed, call.phone))
    lasting = {name: share for name, share in network.shares.items() if name in OF_THE_NUMBER}
    passing = {name: share for name, share in network.shares.items() if name not in OF_THE_NUMBER}
    return _choose(lasting, of_number) or _choose(passing, draw) or ANSWERED


def _choose(shares: Mapping[str, float], draw: float) -> str:
    """The name in whose part of 0 to 100 the draw falls; empty beyond all of them."""
    at = draw * 100
    for name, share in shares.items():
        if at < share:
            return name
        at -= share
    return ""


def _draws(seed: int, text: str) -> Iterator[float]:
    """Numbers from 0 to 1, the same for the same seed and text on every machine."""
    block = 0
    while True:
        digest = hashlib.sha256(f"{seed}/{text}/{block}".encode()).digest()
        yield from (int.from_bytes(digest[at : at + 4], "big") / 2**32 for at in range(0, 32, 4))
        block += 1


class _Life:
    """Lays the instants of one call out, one after the other."""

    def __init__(
        self, network: Network, call: Originate, placed_us: int, outcome: str, draws: Iterator[float]
    ) -> None:
        self._network, self._call, self._outcome, self._draws = network, call, outcome, draws
        self._at_us = placed_us

    def plan(self) -> PlannedCall:
        if self._outcome in _FAILURES:
            return PlannedCall(self._outcome, self._failed())
        return self._answered()

    def _after(self, low_s: float, high_s: float) -> int:
        """The instant that comes a simulated time after the last one."""
        seconds = low_s + (high_s - low_s) * next(self._draws)
        self._at_us += max(1, round(seconds * SECOND_US / self._network.speed))
        return self._at_us

    def _facts(self, **values: int | str) -> EndedCall:
        return EndedCall(self._call.call_id, self._call.attempt_id, **values)  # type: ignore[arg-type]  # by name

    def _failed(self) -> EndedCall:
        cause, sip_code, rings = _FAILURES[self._outcome]
        ring_us = self._after(1, 4) if rings else 0
        if self._outcome == "NoAnswer":
            ended_us = self._after(self._call.ring_timeout_s, self._call.ring_timeout_s)
        else:
            ended_us = self._after(2, 8)
        return self._facts(ring_us=ring_us, hangup_us=ended_us, cause=cause, sip_code=sip_code)

    def _answered(self) -> PlannedCall:
        ring_us = self._after(1, 4)
        answer_us = self._after(2, max(3, self._call.ring_timeout_s * 0.8))
        known = {"ring_us": ring_us, "answer_us": answer_us, "cause": 16, "sip_code": 200}
        if self._outcome == ANSWERED:
            return self._talked(known)
        by = {"AnsweringMachine": "machine", "Fax": "fax"}.get(self._outcome, "human")
        hung_up_by = "party" if self._outcome == "CustomerHangup" else "system"
        ended_us = self._after(1, 5)
        facts = self._facts(**known, hangup_us=ended_us, answered_by=by, hung_up_by=hung_up_by)
        return PlannedCall(self._outcome, facts)

    def _talked(self, known: Mapping[str, int]) -> PlannedCall:
        desk = self._call.desk
        staff = desk.agents or _STAFF
        agent = self._call.agent or staff[math.floor(next(self._draws) * len(staff))]
        connect_us, hung_up_us = self._after(0, 1), self._after(15, 150)
        hung_up_by = "party" if next(self._draws) < 0.5 else "agent"
        facts = self._facts(
            **known,
            connect_us=connect_us,
            hangup_us=hung_up_us,
            agent=agent,
            answered_by="human",
            hung_up_by=hung_up_by,
        )
        chosen = self._disposition(desk)
        if chosen is None or next(self._draws) * 100 < self._network.forgetful:
            return PlannedCall(ANSWERED, facts)
        recorded_us = self._after(3, 20)
        callback_us = self._after(*CALLBACK_S) if chosen.effect == "callback" else 0
        return PlannedCall(ANSWERED, facts, chosen.name, recorded_us, callback_us)

    def _disposition(self, desk: Desk) -> DeskDisposition | None:
        within = SHIFT_S / self._network.speed
        known = [one for one in desk.dispositions if one.effect != "retry" or one.delay_s <= within]
        shares: dict[str, float] = {}
        for one in known:
            alike = sum(other.effect == one.effect for other in known)
            shares[one.name] = _WEIGHTS.get(one.effect, 0) / alike
        total = sum(shares.values())
        if not total:
            return None
        name = _choose({name: share * 100 / total for name, share in shares.items()}, next(self._draws))
        return next((one for one in known if one.name == name), known[-1])
