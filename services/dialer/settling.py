"""Settles attempts whose end nobody told: looks them up, adopts, reports, gives back, or calls them unknown."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from outdial.campaign.attempt_id import AttemptId
from outdial.campaign.dialable import open_attempts
from outdial.campaign.positions import Position
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import UNKNOWN
from outdial.telephony.outcomes import outcome_of
from outdial.telephony.port import Ended, EndedCall, Live, NeverSeen, Seen, call_id
from services.dialer.claims import Claims
from services.dialer.parts import Parts
from services.dialer.placing import Attempt, Placing
from services.dialer.plan import SECOND_US
from services.dialer.reports import Reports

LOOK_AT_LIVE_US: Final = 30 * SECOND_US
LOOK_AGAIN_US: Final = 1 * SECOND_US
# A far side that cannot void: an originate cannot be under way for longer than this.
GONE_AFTER_US: Final = 30 * SECOND_US
UNKNOWN_AFTER_US: Final = 900 * SECOND_US
NEVER_PLACED: Final = "never-placed"
MAX_LOOKS: Final = 1000


class Settling:
    """One term's look-ups. Attempts that a claim under way is about to place are not touched."""

    def __init__(self, parts: Parts, claims: Claims, placing: Placing, reports: Reports, epoch: int) -> None:
        self._parts, self._claims, self._placing = parts, claims, placing
        self._reports, self._epoch = reports, epoch
        self._look_at_us: dict[AttemptId, int] = {}

    async def step(self, states: Iterable[CampaignState]) -> None:
        """Look up what is due to be looked up, and act on it."""
        now_us = self._parts.now_us()
        wanted = self._wanted(states, now_us)
        if not wanted:
            return
        ids = [call_id(str(attempt)) for attempt in wanted]
        found = await self._parts.telephony.look_up(ids, void=True)
        withdrawn: dict[str, dict[Attempt, str]] = defaultdict(dict)
        ends: list[tuple[EndedCall, str]] = []
        for attempt, seen in zip(wanted, found, strict=True):
            self._look_at_us[attempt] = now_us + (
                LOOK_AT_LIVE_US if isinstance(seen, Live) else LOOK_AGAIN_US
            )
            if self._is_gone(seen, now_us - wanted[attempt]):
                withdrawn[attempt.campaign_id][attempt.record, attempt.attempt] = NEVER_PLACED
            elif (end := self._end(attempt, seen, now_us - wanted[attempt])) is not None:
                ends.append(end)
        self._count(len(ends), sum(map(len, withdrawn.values())))
        given_back = [self._placing.withdraw(one, self._epoch, rows) for one, rows in withdrawn.items()]
        reported = [self._reports.ended(call, outcome) for call, outcome in ends]
        await asyncio.gather(*given_back, *reported)

    def _wanted(self, states: Iterable[CampaignState], now_us: int) -> dict[AttemptId, int]:
        """Attempts to look up now, with their deadline."""
        wanted: dict[AttemptId, int] = {}
        still: set[AttemptId] = set()
        for state in states:
            if not state.book.tally.open or not self._is_ours(state):
                continue
            under_way = self._claims.under_way(state.campaign_id)
            for record, number, before_us in open_attempts(state):
                attempt = AttemptId(state.campaign_id, record, number)
                still.add(attempt)
                if record not in under_way and now_us >= self._due_us(attempt) and len(wanted) < MAX_LOOKS:
                    wanted[attempt] = before_us
        self._forget_all_but(still)
        return wanted

    def _is_ours(self, state: CampaignState) -> bool:
        """An older dialer may still claim in a running campaign that is not taken over; a newer one owns its own."""
        return state.dialer_epoch == self._epoch or (
            state.dialer_epoch < self._epoch and state.position is not Position.RUNNING
        )

    def _due_us(self, attempt: AttemptId) -> int:
        """A call that we saw placed is reported by itself; look only when that takes long."""
        placed_us = self._placing.placed.get(attempt)
        return self._look_at_us.get(attempt, 0 if placed_us is None else placed_us + LOOK_AT_LIVE_US)

    def _forget_all_but(self, still: set[AttemptId]) -> None:
        for known in (self._look_at_us, self._placing.placed):
            for attempt in [one for one in known if one not in still]:
                del known[attempt]

    def _is_gone(self, seen: Seen, late_us: int) -> bool:
        return isinstance(seen, NeverSeen) and (seen.voided or late_us > GONE_AFTER_US)

    def _end(self, attempt: AttemptId, seen: Seen, late_us: int) -> tuple[EndedCall, str] | None:
        if isinstance(seen, Ended):
            return seen.call, outcome_of(seen.call)
        if not isinstance(seen, Live | NeverSeen) and late_us > UNKNOWN_AFTER_US:
            return EndedCall(call_id(str(attempt)), str(attempt)), UNKNOWN
        return None

    def _count(self, ended: int, withdrawn: int) -> None:
        self._parts.metrics.settled.labels("ended").inc(ended)
        self._parts.metrics.settled.labels(NEVER_PLACED).inc(withdrawn)
