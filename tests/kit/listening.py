"""A listener for reports of a telephone network, as a dialer has one; acknowledges what it is told to."""

import asyncio
from collections.abc import Callable, Sequence

from outdial.telephony.listener import ReportListener
from outdial.telephony.port import DisposedCall, EndedCall, Report


class Listening:
    """Keeps every report that came, repetitions included. `takes` says which are acknowledged."""

    def __init__(self, takes: Callable[[Report], bool] = lambda report: True) -> None:
        self._takes = takes
        self.reports: list[Report] = []
        self._news = asyncio.Condition()
        self._listener = ReportListener("127.0.0.1:0", self._take)

    async def start(self) -> str:
        """Its URL."""
        return await self._listener.start()

    async def stop(self) -> None:
        await self._listener.stop()

    def ended(self) -> list[EndedCall]:
        return [report for report in self.reports if isinstance(report, EndedCall)]

    def disposed(self) -> list[DisposedCall]:
        return [report for report in self.reports if isinstance(report, DisposedCall)]

    async def until(self, true: Callable[[], bool], timeout_s: float = 10.0) -> None:
        """Wait for news until it is so; TimeoutError."""
        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(true)

    async def _take(self, reports: Sequence[Report]) -> Sequence[Report]:
        async with self._news:
            self.reports += reports
            self._news.notify_all()
        return [report for report in reports if self._takes(report)]
