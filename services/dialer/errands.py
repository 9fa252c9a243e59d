"""Runs the errands of time and of takeovers: one command per key at a time, wanted until its event is folded."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from outdial.campaign.commands import TakeOverDialling
from services.dialer.parts import SUPERSEDED, Parts, Superseded
from services.dialer.plan import CLAIM_LIFE_US, Errand
from services.dialer.sending import NotAnswered

log = logging.getLogger(__name__)
TIMEOUT_S: Final = 5.0
FOLD_TIMEOUT_S: Final = 10.0
PAUSE_S: Final = 1.0  # after a refusal


class Errands:
    """`failed` hears what must end the term. `ready_us` = when a campaign that was taken over may be claimed from."""

    def __init__(self, parts: Parts, failed: Callable[[BaseException], None]) -> None:
        self._parts, self._failed = parts, failed
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self.ready_us: dict[str, int] = {}

    def begin(self, errands: Iterable[Errand]) -> None:
        """Send those whose key is not under way."""
        for errand in errands:
            if errand.key not in self._under_way:
                task = asyncio.create_task(self.run(errand))
                self._under_way[errand.key] = task
                task.add_done_callback(partial(self._done, errand.key))

    def stop(self) -> None:
        """Forget what is under way: every errand is idempotent, and planned again by whoever dials next."""
        for task in list(self._under_way.values()):
            task.cancel()

    async def run(self, errand: Errand) -> None:
        """Send one errand and wait until its events are folded."""
        try:
            answer = await self._parts.commands.once(errand.stream, errand.command, TIMEOUT_S, TIMEOUT_S)
        except NotAnswered:
            return
        if answer.code == SUPERSEDED:
            self._failed(Superseded())
        if not answer.accepted:
            log.warning("errand refused", extra={"key": errand.key, "code": answer.code})
            await asyncio.sleep(PAUSE_S)
            return
        try:
            await self._parts.fold.reaches(errand.stream, answer.last_sequence, FOLD_TIMEOUT_S)
        except TimeoutError:
            log.error("the fold is behind", extra={"stream": errand.stream})
            return
        if isinstance(errand.command, TakeOverDialling):
            self._taken_over(errand.stream)

    def _taken_over(self, campaign_id: str) -> None:
        """What the former dialer has claimed by now is past its deadline after the life of a claim."""
        state = self._parts.fold.get(campaign_id)
        if state is not None and state.book.tally.open:
            self.ready_us[campaign_id] = self._parts.now_us() + CLAIM_LIFE_US

    def _done(self, key: str, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
