"""Carries out what was asked for in calls: the number goes on the internal list, once, whoever crashes meanwhile."""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Final

from outdial.campaign.attempt_id import AttemptId
from outdial.client.listing import ListSession, Sends, Wish
from outdial.client.requests import CommandRejected, OutcomeUnknown
from outdial.donotcall.lists import INTERNAL
from outdial.eventlog.ports import AppendUnknown, LogUnavailable
from outdial.messages.codec import Codec
from services.dialer.sending import ACTOR

log = logging.getLogger(__name__)
AT_ONCE: Final = 100
PAUSE_S: Final = 2.0  # until the event is folded, or before the next try


class Wishes:
    """The list knows the attempts whose wish it has: to send one again is safe, and changes nothing."""

    def __init__(self, log: Sends, codec: Codec, partitions: int) -> None:
        self._log, self._codec, self._partitions = log, codec, partitions
        self._under_way: dict[AttemptId, asyncio.Task[None]] = {}

    def begin(self, wanted: Mapping[AttemptId, str]) -> None:
        """Send those that are not under way."""
        for attempt, phone in wanted.items():
            if attempt not in self._under_way and len(self._under_way) < AT_ONCE:
                task = asyncio.create_task(self._carry_out(attempt, phone))
                self._under_way[attempt] = task
                task.add_done_callback(partial(self._done, attempt))

    def stop(self) -> None:
        """Leave what is under way to whoever dials next."""
        for task in list(self._under_way.values()):
            task.cancel()

    def _done(self, attempt: AttemptId, task: "asyncio.Task[None]") -> None:
        del self._under_way[attempt]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a wish was not carried out", extra={"attempt": str(attempt), "why": repr(error)})

    async def _carry_out(self, attempt: AttemptId, phone: str) -> None:
        wish = Wish(INTERNAL, ACTOR, f"asked for in {attempt}", str(attempt))
        session = ListSession(self._log, self._codec, self._partitions, wish)
        try:
            await session.add([phone])
            await session.finish()
        except CommandRejected as rejection:
            told = {"attempt": str(attempt), "code": rejection.answer.code}
            log.error("a wish not to be called is refused", extra=told)
        except (LogUnavailable, OutcomeUnknown, AppendUnknown) as error:
            log.warning("a wish is not recorded yet", extra={"attempt": str(attempt), "why": str(error)})
        finally:
            await session.close()
        await asyncio.sleep(PAUSE_S)
