"""The dialer's surroundings in memory: a writer that decides as the real one, and a network that obeys."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from prometheus_client import CollectorRegistry

from outdial.campaign.commands import Command
from outdial.campaign.decide import Rejection
from outdial.campaign.events import AttemptsClaimed, Event
from outdial.campaign.state import CampaignState
from outdial.campaign.wire import to_fields
from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.donotcall.events import Event as ListEvent
from outdial.eventlog.ports import LogRecord
from outdial.messages.envelope import Envelope
from outdial.telephony.port import (
    ClockOffset,
    NeverSeen,
    Originate,
    Placement,
    Seen,
    TelephonyUnreachable,
    Unreachable,
    call_id,
)
from services.dialer.claims import Claims
from services.dialer.clocks import Clocks
from services.dialer.do_not_call import DoNotCall
from services.dialer.fold import Fold
from services.dialer.metrics import Metrics
from services.dialer.parts import Parts
from services.dialer.phones import Phones
from services.dialer.placing import Placing
from services.dialer.plan import Busy, Limits, claim
from services.dialer.reports import Reports
from services.dialer.sending import Commands
from services.dialer.settling import Settling
from tests.kit.blocks import Blocks
from tests.kit.campaign import CODEC, Campaign

EPOCH = 7


class Network:
    """Answers every originate as told (default placed), and look-ups from `seen` (default never seen)."""

    def __init__(self) -> None:
        self.asked: list[Originate] = []
        self.looked_up: list[tuple[str, bool]] = []
        self.answers: dict[str, Placement] = defaultdict(lambda: Placement.PLACED)
        self.seen: dict[str, Seen] = {}
        self.can_void = True
        self.reachable = True

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def originate(self, calls: Sequence[Originate]) -> list[Placement]:
        self.asked += calls
        if not self.reachable:
            return [Placement.UNKNOWN] * len(calls)
        return [self.answers[call.attempt_id] for call in calls]

    async def look_up(self, call_ids: Sequence[str], *, void: bool) -> list[Seen]:
        self.looked_up += [(one, void) for one in call_ids]
        if not self.reachable:
            return [Unreachable()] * len(call_ids)
        return [self.seen.get(one, NeverSeen(void and self.can_void)) for one in call_ids]

    async def clock(self) -> ClockOffset:
        if not self.reachable:
            raise TelephonyUnreachable("away")
        return ClockOffset(0, 0)

    async def listen(self, url: str) -> None:
        await self.clock()

    def sees(self, attempt_id: str, seen: Seen) -> None:
        """What a look-up of that attempt finds."""
        self.seen[call_id(attempt_id)] = seen


class Writer:
    """`outdial.client`'s sender in memory. `lose` = answers that do not arrive though the command is carried out."""

    def __init__(self, campaign: Campaign, fold: Fold) -> None:
        self._campaign, self._fold = campaign, fold
        self._offset = 0
        self.requests: list[Request] = []
        self.lose = 0
        self.away = 0  # commands that do not even arrive
        self.before_answer: Callable[[Request], None] = lambda request: None

    def sent(self, kind: type[Command]) -> list[Command]:
        """Commands of that kind, repetitions included."""
        return [request.command for request in self.requests if isinstance(request.command, kind)]

    async def send(self, request: Request, timeout_s: float) -> Answer:
        self.requests.append(request)
        if self.away:
            self.away -= 1
            raise OutcomeUnknown(request.command_id)
        first = self._campaign.state.sequence + 1
        command: Any = request.command  # of a campaign
        decided = self._campaign.decide(command)
        if isinstance(decided, Rejection):
            return self._answer(request, first, decided.code)
        self.append(self._campaign.apply(decided), request.command_id)
        self.before_answer(request)
        if self.lose:
            self.lose -= 1
            raise OutcomeUnknown(request.command_id)
        return self._answer(request, first)

    def append(self, events: Sequence[Event], command_id: str) -> None:
        """Let the dialer's fold read events that are in the campaign already."""
        state = self._campaign.state
        for place, event in enumerate(events, state.sequence - len(events) + 1):
            self._fold.take(
                record_of(event, state.campaign_id, (place, self._offset), self._campaign.now_us, command_id)
            )
            self._offset += 1

    def _answer(self, request: Request, first: int, code: str = "") -> Answer:
        state = self._campaign.state
        changed = state.sequence >= first
        return Answer(
            command_id=request.command_id,
            command_type=type(request.command).__name__,
            stream=request.stream,
            accepted=not code,
            code=code,
            version=state.version,
            position=str(state.position),
            first_sequence=first if changed else 0,
            last_sequence=state.sequence,
            affected=0,
            changed=changed,
            message="",
            decided_us=self._campaign.now_us,
        )


def record_of(
    event: Event | ListEvent, stream: str, place: tuple[int, int], at_us: int, command_id: str = "c"
) -> LogRecord:
    """An event as the log gives it; `place` = (sequence, offset)."""
    sequence, offset = place
    name = f"outdial.{type(event).__name__}"
    envelope = Envelope(
        id=f"{stream}@{sequence}",
        type=name,
        source="test",
        subject=stream,
        time_us=at_us,
        sequence=sequence,
        causation_id=command_id,
    )
    return LogRecord(
        0, offset, at_us, stream.encode(), CODEC.encode(name, to_fields(event)), envelope.headers()
    )


class Twin:
    """A campaign, its writer, the network and the rooms of one dialer, all in this process."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.fold = Fold(CODEC)
        self.network, self.clocks = Network(), Clocks()
        self.writer = Writer(campaign, self.fold)
        self._read_history()
        commands = Commands(self.writer, self.clocks, self.now_us)
        self.registry = CollectorRegistry()
        metrics = Metrics(self.registry)
        self.blocks = Blocks()
        persons = self.blocks.persons()
        do_not_call = DoNotCall(self.fold, Phones(persons), persons, metrics)
        self.parts = Parts(
            self.fold, commands, self.network, self.clocks, metrics, self.now_us, 4, do_not_call
        )
        self.placing = Placing(self.parts)
        self.claims = Claims(self.parts, self.placing)
        self.reports = Reports(commands, self.fold, metrics, lambda: EPOCH)
        self.settling = Settling(self.parts, self.claims, self.placing, self.reports, EPOCH)
        self.fold.watch = self._heard
        self.clocks.network_said(ClockOffset(0, 0), self.now_us())

    def now_us(self) -> int:
        return self.campaign.now_us

    def claim(self, lines: int = 10) -> None:
        """Claim what is due, as a term does."""
        state = self.fold.get("spring")
        assert state is not None
        state.dialer_epoch = EPOCH
        command = claim(state, Busy(), lines, Limits(tzdata_version="2025b"), (EPOCH, self.now_us()))
        assert command is not None
        self.claims.begin("spring", command, {one: f"+9198{one:08d}" for one in command.record})

    async def claimed(self, lines: int = 10) -> None:
        """Claim, and wait until everything that follows from it has happened."""
        self.claim(lines)
        await self.claims.stop(5.0)
        assert self.claims.why is None, self.claims.why

    async def settle(self) -> None:
        """One round of look-ups."""
        state = self.fold.get("spring")
        assert state is not None
        await self.settling.step([state])

    def asked_for(self) -> list[str]:
        """Attempt ids of every originate."""
        return [call.attempt_id for call in self.network.asked]

    def metric(self, name: str) -> float | None:
        """What the dialer counted."""
        return self.registry.get_sample_value(name)

    def names(self) -> list[str]:
        """The history by event names, from the first claim on."""
        names = [type(event).__name__ for event, _ in self.campaign.history]
        return names[names.index("AttemptsClaimed") :] if "AttemptsClaimed" in names else []

    def _heard(self, state: CampaignState, event: Event, command_id: str) -> None:
        if isinstance(event, AttemptsClaimed):
            self.claims.heard(command_id, event)

    def _read_history(self) -> None:
        for place, (event, at_us) in enumerate(self.campaign.history, 1):
            self.fold.take(record_of(event, "spring", (place, place), at_us))
        self.writer._offset = len(self.campaign.history) + 1
