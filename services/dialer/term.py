"""One term as the active dialer: takes over, then claims and places, settles, and makes time pass until it ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from outdial.campaign.commands import ClaimAttempts, ExcludeRecords
from outdial.campaign.events import AttemptsClaimed, DiallingTakenOver, Event
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import DO_NOT_CALL
from outdial.telephony.port import TelephonyUnreachable
from services.dialer import plan
from services.dialer.claims import Claims
from services.dialer.do_not_call import ListsUnread
from services.dialer.errands import Errands
from services.dialer.held import Held, only
from services.dialer.parts import Parts, Superseded
from services.dialer.phones import Phones
from services.dialer.placing import Placing
from services.dialer.plan import SECOND_US, Busy, Errand, Limits
from services.dialer.reports import Reports
from services.dialer.screening import AT_WORK, Screening
from services.dialer.settling import Settling
from services.dialer.wishes import Wishes

log = logging.getLogger(__name__)
CLAIM_EVERY_S: Final = 0.1
ERRANDS_EVERY_S: Final = 0.5
RARELY: Final = 20  # rounds of errands between those for campaigns that rest
SETTLE_EVERY_S: Final = 0.5
CLOCK_EVERY_S: Final = 2.0
RETRY_S: Final = 1.0
LOOK_S: Final = 0.05
HOLD_US: Final = 60 * SECOND_US
HOLD_LISTED_US: Final = 5 * SECOND_US  # until it is excluded, or before the next try
NO_LINE_PAUSE_US: Final = 1 * SECOND_US
LAST_CLAIMS_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Duty:
    """What a term serves: a group, within limits, reachable for the network at `url`."""

    group: str
    limits: Limits
    url: str
    wishes: Wishes


class Term:
    """Dials as `epoch`. Whatever ends it, the deadline of its claims bounds what is still placed."""

    def __init__(self, parts: Parts, phones: Phones, reports: Reports, duty: Duty, epoch: int) -> None:
        self._parts, self._phones, self._duty, self.epoch = parts, phones, duty, epoch
        self._placing = Placing(parts)
        self._claims = Claims(parts, self._placing)
        self._settling = Settling(parts, self._claims, self._placing, reports, epoch)
        self._errands = Errands(parts, self._claims.end)
        self._screening = Screening(phones, parts.do_not_call)
        self._held = Held()
        self._turn = self._round = 0
        self.problem = "taking over"

    async def run(self, over: Callable[[], bool]) -> None:
        """Dial until `over`; raises Superseded, and what must end the process."""
        self._parts.fold.watch = self._heard
        tasks = [
            asyncio.create_task(work)
            for work in (
                self._measure_clocks(),
                self._dial(),
                _every(ERRANDS_EVERY_S, self._run_errands),
                _every(SETTLE_EVERY_S, self._settle),
                self._until(over),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            self._errands.stop()
            self._duty.wishes.stop()
            await self._claims.stop(LAST_CLAIMS_S)
            self._parts.fold.watch = None
        for task in done:
            task.result()

    async def _until(self, over: Callable[[], bool]) -> None:
        while True:
            if self._claims.why is not None:
                raise self._claims.why
            if over():
                return
            await asyncio.sleep(LOOK_S)

    def _heard(self, state: CampaignState, event: Event, command_id: str) -> None:
        if isinstance(event, AttemptsClaimed):
            self._claims.heard(command_id, event)
        is_newer = isinstance(event, AttemptsClaimed | DiallingTakenOver) and event.dialer_epoch > self.epoch
        if is_newer and plan.is_ours(state, self._duty.group):
            self._claims.end(Superseded())

    def _states(self) -> list[CampaignState]:
        return [state for state in self._parts.fold if plan.is_ours(state, self._duty.group)]

    async def _measure_clocks(self) -> None:
        """Also says to the network where its reports go: again after it was away."""
        is_told = False
        while True:
            try:
                if not is_told:
                    await self._parts.telephony.listen(self._duty.url)
                offset = await self._parts.telephony.clock()
                self._parts.clocks.network_said(offset, self._parts.now_us())
                is_told = True
            except TelephonyUnreachable as error:
                log.warning("the telephone network does not answer", extra={"why": str(error)})
                self._parts.clocks.network_lost()
                is_told = False
            await asyncio.sleep(CLOCK_EVERY_S if is_told else RETRY_S)

    async def _settle(self) -> None:
        await self._settling.step(self._states())

    async def _run_errands(self) -> None:
        now_us = self._parts.now_us()
        self._round += 1
        for state in self._states():
            if (taking := plan.takeover(state, self.epoch)) is not None:
                self._errands.begin([taking])
            if state.position in AT_WORK or self._round % RARELY == 0:
                self._errands.begin(plan.errands(state, now_us))
        await self._carry_out_wishes()
        await self._screen()

    async def _carry_out_wishes(self) -> None:
        ours = {state.campaign_id for state in self._states()}
        try:
            wanted = await self._parts.do_not_call.wishes()
        except ListsUnread as error:
            log.error("lists cannot be read", extra={"why": str(error)})
            return
        self._duty.wishes.begin({one: phone for one, phone in wanted.items() if one.campaign_id in ours})

    async def _screen(self) -> None:
        try:
            found = await self._screening.look(self._states())
        except (TimeoutError, ListsUnread):
            return  # claims meet the same, and say so
        if found is not None:
            self._exclude(*found, self._parts.now_us())

    async def _dial(self) -> None:
        """Every running campaign hears of this term before anything is claimed."""
        wanted = [errand for state in self._states() if (errand := plan.takeover(state, self.epoch))]
        await asyncio.gather(*(self._errands.run(errand) for errand in wanted))
        if wanted:
            await asyncio.sleep(plan.CLAIM_LIFE_US / SECOND_US)
        log.info("dialling", extra={"epoch": self.epoch, "campaigns_taken_over": len(wanted)})
        await _every(CLAIM_EVERY_S, self._claim)

    async def _claim(self) -> None:
        now_us = self._parts.now_us()
        self.problem = self._parts.clocks.problem(now_us)
        states = self._states()
        self._parts.metrics.lines.set(sum(state.book.tally.open for state in states))
        if self.problem or now_us - self._placing.refused_us < NO_LINE_PAUSE_US:
            return
        not_folded = sum(len(self._claims.not_folded(state.campaign_id)) for state in states)
        lines = plan.lines_free(states, not_folded, self._duty.limits)
        ready = [state for state in states if self._errands.ready_us.get(state.campaign_id, 0) <= now_us]
        self._turn += 1
        for place in range(len(ready)):
            state = ready[(place + self._turn) % len(ready)]
            # an equal share at least; what the earlier ones left is for the later ones
            lines -= await self._claim_in(state, max(lines // (len(ready) - place), min(lines, 1)))

    async def _claim_in(self, state: CampaignState, lines: int) -> int:
        """Send the next claim of one campaign; returns how many lines it takes."""
        now_us, campaign_id = self._parts.now_us(), state.campaign_id
        held, batches = self._held.of(campaign_id, now_us), self._claims.unanswered(campaign_id)
        busy = Busy(self._claims.not_folded(campaign_id), held, batches)
        command = plan.claim(state, busy, lines, self._duty.limits, (self.epoch, now_us))
        if command is None:
            return 0
        try:
            phones = await self._phones.of(state, command.record)
            listed = await self._parts.do_not_call.among(phones)
        except (TimeoutError, ListsUnread) as error:
            log.error("persons cannot be read", extra={"stream": campaign_id, "why": str(error)})
            return 0
        self._hold_missing(campaign_id, command, phones.keys(), now_us)
        self._exclude(campaign_id, sorted(listed), now_us)
        command = only(command, phones.keys() - listed)
        if command.record:
            version = self._parts.do_not_call.version
            self._claims.begin(campaign_id, replace(command, do_not_call_version=version), phones)
        return len(command.record)

    def _hold_missing(
        self, campaign_id: str, command: ClaimAttempts, have: Collection[int], now_us: int
    ) -> None:
        """A record whose number is not there is no call; its delete may just not be folded yet."""
        missing = [record for record in command.record if record not in have]
        if missing:
            log.critical("person-missing", extra={"stream": campaign_id, "records": missing[:10]})
            self._parts.metrics.persons_missing.inc(len(missing))
            self._held.hold(campaign_id, missing, now_us + HOLD_US)

    def _exclude(self, campaign_id: str, listed: list[int], now_us: int) -> None:
        """A record whose number is on a list becomes final: the campaign does not wait for it."""
        if listed:
            self._held.hold(campaign_id, listed, now_us + HOLD_LISTED_US)
            excluding = ExcludeRecords(listed, [DO_NOT_CALL] * len(listed))
            self._errands.begin([Errand(campaign_id, f"{campaign_id}/do-not-call/{listed[0]}", excluding)])


async def _every(pause_s: float, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        await step()
        await asyncio.sleep(pause_s)
