"""Sends reports to the listeners, each from its instant on, again and again until it is acknowledged."""

import asyncio
import contextlib
import heapq
import itertools
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import httpx

from outdial.telephony.port import Report
from outdial.telephony.wire import report_id, reports_body
from services.simulator.switch import Due

log = logging.getLogger(__name__)
BATCH: Final = 200
IN_FLIGHT: Final = 4
GATHER_S: Final = 0.02  # what ends within this time goes out together
TIMEOUT_S: Final = 15.0
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.1, 1.0


class Delivery:
    """`acknowledged` makes it durable that reports need not be sent again."""

    def __init__(
        self, clock: Callable[[], int], acknowledged: Callable[[Sequence[Report]], Awaitable[None]]
    ) -> None:
        self._now_us, self._acknowledged = clock, acknowledged
        self._future: list[tuple[int, int, Due]] = []
        self._ready: dict[str, list[Report]] = defaultdict(list)
        self._order = itertools.count()
        self._backoff: dict[str, float] = {}
        self._not_before_us: dict[str, int] = {}
        self._sending: dict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._running: asyncio.Task[None] | None = None
        self.listeners: dict[str, str] = {}

    async def start(self) -> None:
        """Begin to deliver."""
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S)
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; what is not acknowledged is sent after the next start."""
        tasks = [task for group in self._sending.values() for task in group]
        for task in [*tasks, *([self._running] if self._running else [])]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._http.aclose()

    def add(self, due: Iterable[Due]) -> None:
        """Reports to send when their instant comes."""
        for one in due:
            heapq.heappush(self._future, (one.at_us, next(self._order), one))

    def listen(self, group: str, url: str) -> None:
        """The group's reports go here from now on, at once."""
        self.listeners[group] = url
        self._backoff.pop(group, None)
        self._not_before_us.pop(group, None)

    async def _run(self) -> None:
        while True:
            now_us = self._now_us()
            while self._future and self._future[0][0] <= now_us:
                due = heapq.heappop(self._future)[2]
                self._ready[due.group].append(due.report)
            for group in list(self._ready):
                self._send(group, now_us)
            await asyncio.sleep(GATHER_S)

    def _send(self, group: str, now_us: int) -> None:
        url, tasks = self.listeners.get(group), self._sending[group]
        while (
            url
            and self._ready[group]
            and len(tasks) < IN_FLIGHT
            and now_us >= self._not_before_us.get(group, 0)
        ):
            batch, self._ready[group] = self._ready[group][:BATCH], self._ready[group][BATCH:]
            task = asyncio.create_task(self._deliver(group, url, batch))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _deliver(self, group: str, url: str, batch: list[Report]) -> None:
        said: frozenset[str] = frozenset()
        try:
            answer = await self._http.post(url, json=reports_body(batch))
            answer.raise_for_status()
            said = frozenset(answer.json()["acknowledged"])
        except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
            log.info(
                "reports not taken",
                extra={"group": group, "reports": len(batch), "why": type(error).__name__},
            )
        taken = [report for report in batch if report_id(report) in said]
        left = [report for report in batch if report_id(report) not in said]
        if taken:
            await self._acknowledged(taken)
        self._ready[group] += left
        self._back_off(group, failed=bool(left))

    def _back_off(self, group: str, *, failed: bool) -> None:
        if not failed:
            self._backoff.pop(group, None)
            return
        pause_s = self._backoff.get(group, FIRST_BACKOFF_S)
        self._backoff[group] = min(pause_s * 2, LAST_BACKOFF_S)
        self._not_before_us[group] = self._now_us() + round(pause_s * 1_000_000)
