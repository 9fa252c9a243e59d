"""Claims of one term: sent, accepted, placed before their deadline, or given back."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from outdial.campaign.attempt_id import AttemptId
from outdial.campaign.columns import column
from outdial.campaign.commands import ClaimAttempts, WithdrawAttempts
from outdial.campaign.events import AttemptsClaimed
from outdial.campaign.positions import Position
from outdial.campaign.settings import CampaignSettings
from outdial.campaign.state import CampaignState
from outdial.client.requests import Answer
from outdial.messages.partition import partition_of
from outdial.telephony.port import Desk, DeskDisposition, Originate, Placement, Telephony, call_id
from services.dialer.clocks import Clocks
from services.dialer.fold import Fold
from services.dialer.metrics import Metrics
from services.dialer.plan import SECOND_US, may_place
from services.dialer.sending import Commands, NotAnswered, new_id

log = logging.getLogger(__name__)
# A claim that is not folded so long after its deadline was never accepted, or is settled like a stranger's.
FORGET_AFTER_S: Final = 5.0
SUPERSEDED: Final = "dialer-superseded"
STOPPED, LATE, REFUSED = "stopped", "late", "refused"
_CAUSES: Final[Mapping[Placement, str]] = {
    Placement.LATE: LATE,
    Placement.BUSY: REFUSED,
    Placement.VOID: REFUSED,
}


class Superseded(Exception):
    """A newer dialer of this group is at work: this process must not dial any more."""


@dataclass(slots=True, eq=False)
class SentClaim:
    """One claim command under way, with the numbers that it will need."""

    campaign_id: str
    command: ClaimAttempts
    phones: Mapping[int, str] = field(repr=False)
    partition: int
    accepted: "asyncio.Future[AttemptsClaimed]" = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the rooms of one dialer share."""

    fold: Fold
    commands: Commands
    telephony: Telephony
    clocks: Clocks
    metrics: Metrics
    now_us: Callable[[], int]
    partitions: int


class Claims:
    """Only claims that this very object sent are placed. `over` is set when the term must end; `why` says why."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sent: dict[str, SentClaim] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()
        self.why: BaseException | None = None
        self.placed: dict[AttemptId, int] = {}  # when the call was asked for; until its end is folded
        self.refused_us = 0  # the network had no line then

    def under_way(self, campaign_id: str) -> Collection[int]:
        """Records of claims that are not placed or given back yet."""
        return {record for claim in self._of(campaign_id) for record in claim.command.record}

    def not_folded(self, campaign_id: str) -> Collection[int]:
        """Records of claims that the fold does not count as open yet."""
        waiting = (claim for claim in self._of(campaign_id) if not claim.accepted.done())
        return {record for claim in waiting for record in claim.command.record}

    def unanswered(self, partition: int) -> int:
        """Claims of a partition that are not folded yet."""
        return sum(
            claim.partition == partition and not claim.accepted.done() for claim in self._sent.values()
        )

    def partition_of(self, campaign_id: str) -> int:
        """The partition of a campaign's commands."""
        return partition_of(campaign_id.encode(), self._parts.partitions)

    def _of(self, campaign_id: str) -> list[SentClaim]:
        return [claim for claim in self._sent.values() if claim.campaign_id == campaign_id]

    def begin(self, state: CampaignState, command: ClaimAttempts, phones: Mapping[int, str]) -> None:
        """Send a claim; what is accepted of it is placed."""
        accepted: asyncio.Future[AttemptsClaimed] = asyncio.get_running_loop().create_future()
        partition = self.partition_of(state.campaign_id)
        sent = SentClaim(state.campaign_id, command, phones, partition, accepted)
        command_id = new_id()
        self._sent[command_id] = sent
        task = asyncio.create_task(self._carry_out(command_id, sent))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def end(self, why: BaseException) -> None:
        """End the term; the first reason counts."""
        self.why = self.why or why
        self.over.set()

    def heard(self, command_id: str, event: AttemptsClaimed) -> None:
        """A claim was folded; one of ours goes on."""
        sent = self._sent.get(command_id)
        if sent is not None and not sent.accepted.done():
            sent.accepted.set_result(event)

    async def stop(self, timeout_s: float) -> None:
        """Let claims under way come to their end; what is left is settled by the next term."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=timeout_s)
            for task in late:
                task.cancel()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.end(error)

    async def _carry_out(self, command_id: str, sent: SentClaim) -> None:
        try:
            event = await self._accepted(command_id, sent)
            if event is not None:
                self._parts.metrics.claims.inc(len(event.record))
                await self._place(sent, event)
        finally:
            del self._sent[command_id]

    async def _accepted(self, command_id: str, sent: SentClaim) -> AttemptsClaimed | None:
        """The event of the claim, as soon as it is folded; None when there is none, or none in time."""
        left_s = (sent.command.originate_before_us - self._parts.now_us()) / SECOND_US
        timeout_s = max(left_s, 0.0) + FORGET_AFTER_S
        commands = self._parts.commands
        asking = asyncio.create_task(
            commands.once(sent.campaign_id, sent.command, left_s, timeout_s, command_id)
        )
        try:
            async with asyncio.timeout(timeout_s):
                both: set[asyncio.Future[Any]] = {asking, sent.accepted}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if not sent.accepted.done() and not self._may_follow(asking):
                    return None
                return await sent.accepted
        except TimeoutError:
            return None
        finally:
            asking.cancel()
            await asyncio.wait({asking})
            if not asking.cancelled() and (error := asking.exception()) is not None:
                log.debug("claim not answered", extra={"why": str(error)})

    def _may_follow(self, asking: "asyncio.Task[Answer]") -> bool:
        """Whether the event of the claim may still come, the answer being there first."""
        error = asking.exception()
        if error is not None:
            if isinstance(error, NotAnswered):
                return True
            raise error
        answer = asking.result()
        if not answer.accepted:
            self._parts.metrics.refused.labels(answer.code).inc()
            log.info("claim refused", extra={"code": answer.code, "stream": answer.stream})
        if answer.code == SUPERSEDED:
            self.end(Superseded())
        return answer.accepted and answer.changed

    async def _place(self, sent: SentClaim, event: AttemptsClaimed) -> None:
        """Originate what may be called at this instant; give back the rest, at once and with its reason."""
        parts = self._parts
        state = parts.fold.get(sent.campaign_id)
        now_us = parts.now_us()
        why = self._why_not(state, event, now_us)
        count = len(event.record)
        rows = zip(event.record, column(event.attempt, count, 1), column(event.zone, count, ""), strict=True)
        calls: dict[tuple[int, int], Originate] = {}
        withdrawn: dict[tuple[int, int], str] = {}
        for record, attempt, zone in rows:
            if why or state is None or not may_place(state, record, zone, now_us):
                withdrawn[record, attempt] = why or STOPPED
            else:
                phone = sent.phones[record]
                calls[record, attempt] = self._originate(state, record, attempt, phone, event)
        withdrawn.update(await self._ask(sent.campaign_id, calls))
        if withdrawn:
            await self.withdraw(sent.campaign_id, event.dialer_epoch, withdrawn)

    def _why_not(self, state: CampaignState | None, event: AttemptsClaimed, now_us: int) -> str:
        if state is None or state.position is not Position.RUNNING:
            return STOPPED
        if state.dialer_epoch > event.dialer_epoch:
            self.end(Superseded())
            return REFUSED
        return LATE if now_us >= event.originate_before_us or self._parts.clocks.problem(now_us) else ""

    async def _ask(
        self, campaign_id: str, calls: Mapping[tuple[int, int], Originate]
    ) -> Mapping[tuple[int, int], str]:
        """Place the calls; those that were refused, with the cause. Unknown ones are settled by a look-up."""
        if not calls:
            return {}
        asked_us = self._parts.now_us()
        answers = await self._parts.telephony.originate(list(calls.values()))
        refused: dict[tuple[int, int], str] = {}
        for (record, attempt), answer in zip(calls, answers, strict=True):
            if answer is Placement.PLACED:
                self.placed[AttemptId(campaign_id, record, attempt)] = asked_us
            elif answer in _CAUSES:
                refused[record, attempt] = _CAUSES[answer]
        if Placement.BUSY in answers:
            self.refused_us = asked_us
        for answer, count in Counter(answers).items():
            self._parts.metrics.originates.labels(answer.value).inc(count)
        return refused

    def _originate(
        self, state: CampaignState, record: int, attempt: int, phone: str, event: AttemptsClaimed
    ) -> Originate:
        settings, book = state.required_settings, state.book
        attempt_id = str(AttemptId(state.campaign_id, record, attempt))
        return Originate(
            attempt_id=attempt_id,
            call_id=call_id(attempt_id),
            phone=phone,
            caller_id=event.caller_id,
            ring_timeout_s=settings.ring_timeout_s,
            originate_before_us=self._parts.clocks.deadline(event.originate_before_us),
            agent=book.agents[book.agent[record]] if settings.dial_method == "agentwise" else "",
            desk=_desk_of(settings),
        )

    async def withdraw(self, campaign_id: str, epoch: int, withdrawn: Mapping[tuple[int, int], str]) -> None:
        """Give claims back: (record, attempt) -> cause."""
        keys: Sequence[tuple[int, int]] = list(withdrawn)
        command = WithdrawAttempts(
            epoch,
            record=[record for record, _ in keys],
            attempt=[attempt for _, attempt in keys],
            cause=list(withdrawn.values()),
        )
        await self._parts.commands.fact(campaign_id, command)
        for cause in withdrawn.values():
            self._parts.metrics.withdrawn.labels(cause).inc()


def _desk_of(settings: CampaignSettings) -> Desk:
    known = tuple(DeskDisposition(one.name, one.effect, one.delay_s) for one in settings.dispositions)
    return Desk(tuple(settings.agents), known)
