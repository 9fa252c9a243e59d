"""A telephone network over HTTP: the carrier protocol of README.md, which the simulator speaks too."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from outdial.telephony.port import (
    ClockOffset,
    Originate,
    Placement,
    Seen,
    TelephonyUnreachable,
    Unreachable,
)
from outdial.telephony.wire import Malformed, originate_body, read_seen

MAX_CALLS: Final = 200
CLOCK_SAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class CarrierSettings:
    """Where the carrier is, whose calls these are, and how long to wait (seconds) for how many requests at once."""

    url: str
    group: str = "default"
    token: str = ""
    timeout_s: float = 3.0
    concurrency: int = 8


def _wall_clock_us() -> int:
    return time.time_ns() // 1000


class CarrierTelephony:
    """`Telephony` over HTTP with keep-alive connections; a batch that gets no answer is UNKNOWN, never repeated."""

    def __init__(self, settings: CarrierSettings, clock: Callable[[], int] = _wall_clock_us) -> None:
        self._settings, self._now_us = settings, clock
        self._free = asyncio.Semaphore(settings.concurrency)
        self._http: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Make the client; the first request connects."""
        settings = self._settings
        self._http = httpx.AsyncClient(
            base_url=settings.url,
            timeout=settings.timeout_s,
            headers={"Authorization": f"Bearer {settings.token}"} if settings.token else {},
            # an originate on a fresh connection after a failure would be a second originate
            transport=httpx.AsyncHTTPTransport(retries=0),
        )

    async def stop(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def originate(self, calls: Sequence[Originate]) -> list[Placement]:
        """Place calls, at most 200 a request."""
        batches = [tuple(calls[at : at + MAX_CALLS]) for at in range(0, len(calls), MAX_CALLS)]
        answers = await asyncio.gather(*(self._originate(batch) for batch in batches))
        return [placement for answer in answers for placement in answer]

    async def look_up(self, call_ids: Sequence[str], *, void: bool) -> list[Seen]:
        """Look calls up, at most 200 a request."""
        batches = [tuple(call_ids[at : at + MAX_CALLS]) for at in range(0, len(call_ids), MAX_CALLS)]
        answers = await asyncio.gather(*(self._look_up(batch, void) for batch in batches))
        return [seen for answer in answers for seen in answer]

    async def clock(self) -> ClockOffset:
        """The narrowest of a few measurements."""
        found = [await self._measure() for _ in range(CLOCK_SAMPLES)]
        return min(found, key=lambda offset: offset.high_us - offset.low_us)

    async def listen(self, url: str) -> None:
        """Register the listener of this group."""
        await self._ask("PUT", f"/v1/listeners/{self._settings.group}", {"url": url})

    async def _originate(self, calls: Sequence[Originate]) -> list[Placement]:
        try:
            answer = await self._ask("POST", "/v1/calls", originate_body(self._settings.group, calls))
            said = {row["call_id"]: Placement(row["answer"]) for row in answer["calls"]}
        except (TelephonyUnreachable, LookupError, TypeError, ValueError):
            return [Placement.UNKNOWN] * len(calls)
        return [said.get(call.call_id, Placement.UNKNOWN) for call in calls]

    async def _look_up(self, call_ids: Sequence[str], void: bool) -> list[Seen]:
        try:
            answer = await self._ask("POST", "/v1/calls/look-up", {"void": void, "call_ids": list(call_ids)})
            said = {row["call_id"]: read_seen(row) for row in answer["calls"]}
        except (TelephonyUnreachable, LookupError, TypeError, Malformed):
            return [Unreachable()] * len(call_ids)
        return [said.get(one, Unreachable()) for one in call_ids]

    async def _measure(self) -> ClockOffset:
        before = self._now_us()
        answer = await self._ask("GET", "/v1/clock", None)
        after = self._now_us()
        try:
            theirs = int(answer["now_us"])
        except (LookupError, TypeError, ValueError) as error:
            raise TelephonyUnreachable("the far side says no time") from error
        return ClockOffset(theirs - after, theirs - before)

    async def _ask(self, method: str, path: str, body: Any) -> Any:
        if self._http is None:
            raise TelephonyUnreachable("not started")
        async with self._free:
            try:
                answer = await self._http.request(method, path, json=body)
                answer.raise_for_status()
                return answer.json()
            except (httpx.HTTPError, ValueError) as error:
                raise TelephonyUnreachable(f"{method} {path}: {type(error).__name__}") from error
