"""The telephony port: what the dialer asks of a telephone network, and what it is told. Values and one Protocol."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, TypeAlias
from uuid import UUID, uuid5

# Names every call of Outdial; fixed for ever, because a restarted dialer must find the same ids.
_CALLS: Final = UUID("0b6c1a52-6e1f-5d0f-9a3e-3c6f0d1c7a11")


def call_id(attempt_id: str) -> str:
    """The id of an attempt at the far side: 32 hex digits, so that no id is the prefix of another."""
    return uuid5(_CALLS, attempt_id).hex


@dataclass(frozen=True, slots=True)
class DeskDisposition:
    """A result that an agent may record, with what it does."""

    name: str
    effect: str
    delay_s: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    """Who takes an answered call and what may be recorded of it; one per campaign. Carriers ignore it."""

    agents: tuple[str, ...] = ()
    dispositions: tuple[DeskDisposition, ...] = ()


@dataclass(frozen=True, slots=True)
class Originate:
    """One call to place. `originate_before_us` is on the far side's clock, which refuses the call from then on."""

    attempt_id: str
    call_id: str
    phone: str = field(repr=False)
    caller_id: str
    ring_timeout_s: int
    originate_before_us: int
    agent: str = ""  # the record's own agent; empty = any
    desk: Desk = Desk()


class Placement(StrEnum):
    """What the far side made of an originate. Only PLACED rings; UNKNOWN is settled by a look-up."""

    PLACED = "placed"
    LATE = "late"
    BUSY = "busy"
    VOID = "void"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class EndedCall:
    """The facts of a call that is over. Instants in microseconds UTC, 0 = did not happen; cause and SIP code as
    received, 0 = none. `answered_by`: human, machine, fax or empty. `hung_up_by`: party, agent, system or network.
    """

    call_id: str
    attempt_id: str
    ring_us: int = 0
    answer_us: int = 0
    connect_us: int = 0
    hangup_us: int = 0
    cause: int = 0
    sip_code: int = 0
    agent: str = ""
    answered_by: str = ""
    hung_up_by: str = "network"


@dataclass(frozen=True, slots=True)
class DisposedCall:
    """What an agent recorded of a call. `callback_us` is 0 unless a call back was promised."""

    event_id: str
    call_id: str
    attempt_id: str
    disposition: str
    agent: str
    callback_us: int = 0


@dataclass(frozen=True, slots=True)
class Live:
    """The call is up, or ringing."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over."""

    call: EndedCall


@dataclass(frozen=True, slots=True)
class NeverSeen:
    """No call of that id was placed; `voided` = and none ever will be."""

    voided: bool


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The far side did not answer."""


Seen: TypeAlias = Live | Ended | NeverSeen | Unreachable
Report: TypeAlias = EndedCall | DisposedCall
# Given reports, returns those of them that are durable now; the far side sends the others again.
Listener: TypeAlias = Callable[[Sequence[Report]], Awaitable[Sequence[Report]]]


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """The far side's clock less ours, in microseconds, is between these two."""

    low_us: int
    high_us: int

    @property
    def worst_us(self) -> int:
        """The largest difference that is possible."""
        return max(abs(self.low_us), abs(self.high_us))


class TelephonyUnreachable(Exception):
    """The far side did not answer; what was asked may or may not have been done."""


class Telephony(Protocol):
    """A telephone network. Reports of ended calls come in by a listener, again and again until acknowledged."""

    async def start(self) -> None:
        """Get ready to be asked; nothing is placed."""

    async def stop(self) -> None:
        """Give everything back; calls that are up stay up."""

    async def originate(self, calls: Sequence[Originate]) -> list[Placement]:
        """Place calls; one answer each, in order. An id that is known is never dialled again. Never raises."""

    async def look_up(self, call_ids: Sequence[str], *, void: bool) -> list[Seen]:
        """What became of calls, in order. `void` = an id that was never seen can never be placed from now on."""

    async def clock(self) -> ClockOffset:
        """Measure the far side's clock. Raises TelephonyUnreachable."""

    async def listen(self, url: str) -> None:
        """Send reports of this group's calls to `url` from now on. Raises TelephonyUnreachable."""
