"""The dialer of one group: folds along, is active while it holds the lease, hears the network all the time."""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import Final

from outdial.eventlog.lease import Lease
from outdial.runtime.health import Readiness
from outdial.telephony.listener import ReportListener
from services.dialer.do_not_call import ListsUnread
from services.dialer.following import Follower
from services.dialer.parts import Parts
from services.dialer.phones import Phones
from services.dialer.plan import Limits
from services.dialer.reports import Reports
from services.dialer.term import Duty, Term
from services.dialer.wishes import Wishes

log = logging.getLogger(__name__)
LEASE_WAIT_S: Final = 0.5
LAST_REPORTS_S: Final = 3.0
DEAF_AFTER_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Numbers by record, and wishes not to be called on their way to the list."""

    phones: Phones
    wishes: Wishes


class Dialer:
    """`desk` is what it finds people by and carries out their wishes with."""

    def __init__(self, parts: Parts, follower: Follower, lease: Lease, desk: Desk, group: str) -> None:
        self._parts, self._follower, self._lease = parts, follower, lease
        self._desk, self._group = desk, group
        self._epoch = 0
        self._reports = Reports(parts.commands, parts.fold, parts.metrics, lambda: self._epoch)
        self._term: Term | None = None
        self._heard_at = time.monotonic()

    async def run(self, address: str, limits: Limits, stop: asyncio.Event) -> None:
        """Until `stop`. `address` is where the network's reports are heard.

        Raises what must end the process: a broken history, a newer dialer.
        """
        await self._follower.catch_up()
        listener = ReportListener(address, self._reports.take)
        duty = Duty(self._group, limits, await listener.start(), self._desk.wishes)
        following = asyncio.create_task(self._follower.follow(self._heard))
        await self._lease.start()
        serving = asyncio.create_task(self._serve(duty, stop))
        try:
            await asyncio.wait([following, serving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._close(listener, following, serving)
        for task in (serving, following):
            if not task.cancelled():
                task.result()

    async def _serve(self, duty: Duty, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(ListsUnread):  # readiness says so, and nobody is called
                await self._parts.do_not_call.catch_up()
            epoch = await self._lease.wait(LEASE_WAIT_S)
            if epoch is None or stop.is_set():
                continue
            self._epoch = epoch
            self._term = Term(self._parts, self._desk.phones, self._reports, duty, epoch)
            self._parts.metrics.active.set(1)
            try:
                await self._term.run(lambda: stop.is_set() or self._lease.epoch != self._epoch)
            finally:
                self._term = None
                self._parts.metrics.active.set(0)
            log.info("term is over", extra={"epoch": epoch})

    async def _close(
        self, listener: ReportListener, following: "asyncio.Task[None]", serving: "asyncio.Task[None]"
    ) -> None:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await serving  # its error is raised by `run`
        await self._reports.stop(LAST_REPORTS_S)
        await listener.stop()
        await self._lease.stop()
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await following

    def _heard(self) -> None:
        self._heard_at = time.monotonic()

    def readiness(self) -> Readiness:
        """A standby is ready when its fold is; an active dialer when it may dial."""
        waits = []
        if not self._follower.caught_up:
            waits.append("the history")
        elif time.monotonic() - self._heard_at > DEAF_AFTER_S:
            waits.append("the log")
        term = self._term
        waits += filter(None, [self._parts.do_not_call.problem, term.problem if term is not None else ""])
        fold = self._parts.fold
        details = {
            "do_not_call_version": fold.lists.version,
            "role": "standby" if term is None else "active",
            "epoch": term.epoch if term is not None else None,
            "events": dict(fold.next_offsets),
            "parked": {**fold.parked, **fold.lists.parked},
            "calls": {state.campaign_id: state.book.tally.open for state in fold if state.book.tally.open},
            "network_clock_skew_us": self._parts.clocks.network_skew_us,
        }
        return Readiness(tuple(waits), details)
