"""Places the calls of an accepted claim before their deadline, and gives back what is not placed, with its cause."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from outdial.campaign.attempt_id import AttemptId
from outdial.campaign.columns import column
from outdial.campaign.commands import WithdrawAttempts
from outdial.campaign.events import AttemptsClaimed
from outdial.campaign.positions import Position
from outdial.campaign.settings import CampaignSettings
from outdial.campaign.state import CampaignState
from outdial.telephony.port import Desk, DeskDisposition, Originate, Placement, call_id
from services.dialer.do_not_call import ListsUnread
from services.dialer.parts import Parts
from services.dialer.plan import may_place

STOPPED, LATE, REFUSED = "stopped", "late", "refused"
LISTED, LISTS_UNREAD = "do-not-call", "lists-unread"
_CAUSES: Final[Mapping[Placement, str]] = {
    Placement.LATE: LATE,
    Placement.BUSY: REFUSED,
    Placement.VOID: REFUSED,
}
Attempt = tuple[int, int]  # record, n


class Placing:
    """`placed` says when each call was asked for, until its end is folded; `refused_us` when no line was free."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.placed: dict[AttemptId, int] = {}
        self.refused_us = 0

    async def place(self, campaign_id: str, event: AttemptsClaimed, phones: Mapping[int, str]) -> None:
        """Originate what may be called at this instant; give back the rest."""
        listed = await self._listed({record: phones[record] for record in event.record})
        state, now_us = self._parts.fold.get(campaign_id), self._parts.now_us()
        why = LISTS_UNREAD if listed is None else self._why_not(state, event, now_us)
        count = len(event.record)
        rows = zip(event.record, column(event.attempt, count, 1), column(event.zone, count, ""), strict=True)
        calls: dict[Attempt, Originate] = {}
        withdrawn: dict[Attempt, str] = {}
        for record, attempt, zone in rows:
            if why or state is None or not may_place(state, record, zone, now_us):
                withdrawn[record, attempt] = why or STOPPED
            elif listed and record in listed:
                withdrawn[record, attempt] = LISTED
            else:
                calls[record, attempt] = self._call(state, (record, attempt), phones[record], event)
        withdrawn.update(await self._originate(campaign_id, calls))
        if withdrawn:
            await self.withdraw(campaign_id, event.dialer_epoch, withdrawn)

    async def _listed(self, phones: Mapping[int, str]) -> Collection[int] | None:
        """Records whose number came onto a list since the claim; None when that cannot be told."""
        try:
            return await self._parts.do_not_call.among(phones)
        except ListsUnread:
            return None

    async def withdraw(self, campaign_id: str, epoch: int, causes: Mapping[Attempt, str]) -> None:
        """Give claims back; returns once that is in the log."""
        command = WithdrawAttempts(
            epoch,
            record=[record for record, _ in causes],
            attempt=[attempt for _, attempt in causes],
            cause=list(causes.values()),
        )
        await self._parts.commands.fact(campaign_id, command)
        for cause in causes.values():
            self._parts.metrics.withdrawn.labels(cause).inc()

    def _why_not(self, state: CampaignState | None, event: AttemptsClaimed, now_us: int) -> str:
        """Why none of the claim may be placed."""
        if state is None or state.position is not Position.RUNNING:
            return STOPPED
        if state.dialer_epoch > event.dialer_epoch:
            return REFUSED
        return LATE if now_us >= event.originate_before_us or self._parts.clocks.problem(now_us) else ""

    async def _originate(self, campaign_id: str, calls: Mapping[Attempt, Originate]) -> Mapping[Attempt, str]:
        """Place the calls; returns those that were refused. Unknown ones are settled by a look-up."""
        if not calls:
            return {}
        asked_us = self._parts.now_us()
        answers = await self._parts.telephony.originate(list(calls.values()))
        refused: dict[Attempt, str] = {}
        for (record, attempt), answer in zip(calls, answers, strict=True):
            if answer is Placement.PLACED:
                self.placed[AttemptId(campaign_id, record, attempt)] = asked_us
            elif answer in _CAUSES:
                refused[record, attempt] = _CAUSES[answer]
        if Placement.BUSY in answers:
            self.refused_us = asked_us
        if Placement.UNKNOWN in answers:
            self._parts.clocks.network_lost()  # no claims into the void
        for answer, count in Counter(answers).items():
            self._parts.metrics.originates.labels(answer.value).inc(count)
        return refused

    def _call(self, state: CampaignState, attempt: Attempt, phone: str, event: AttemptsClaimed) -> Originate:
        settings, book = state.required_settings, state.book
        attempt_id = str(AttemptId(state.campaign_id, *attempt))
        return Originate(
            attempt_id=attempt_id,
            call_id=call_id(attempt_id),
            phone=phone,
            caller_id=event.caller_id,
            ring_timeout_s=settings.ring_timeout_s,
            originate_before_us=self._parts.clocks.deadline(event.originate_before_us),
            agent=book.agents[book.agent[attempt[0]]] if settings.dial_method == "agentwise" else "",
            desk=_desk_of(settings),
        )


def _desk_of(settings: CampaignSettings) -> Desk:
    known = tuple(DeskDisposition(one.name, one.effect, one.delay_s) for one in settings.dispositions)
    return Desk(tuple(settings.agents), known)
