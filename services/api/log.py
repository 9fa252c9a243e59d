"""The API's way to the log: connects again and again, and says so when the log cannot be reached."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.client.upload import Upload, UploadSession
from outdial.eventlog.ports import AppendUnknown, LogUnavailable

RETRY_S: Final = 1.0
PROBE_TIMEOUT_S: Final = 0.5
TRUSTED_S: Final = 0.1
STOP_TIMEOUT_S: Final = 3.0
log = logging.getLogger(__name__)


class Link(Protocol):
    """Everything that needs the broker, opened together: sender and writer of blocks."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def broken(self) -> None: ...
    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer: ...
    async def write(self, partition: int, key: str, value: bytes) -> int: ...
    def session(self, upload: Upload) -> UploadSession: ...


class LogConnection:
    """One link at a time. Without one, or when no broker answers, nothing is sent: LogUnavailable.

    A command that was sent and not acknowledged is OutcomeUnknown, never a failure.
    """

    def __init__(self, make: Callable[[], Link], is_reachable: Callable[[], Awaitable[bool]]) -> None:
        self._make, self._is_reachable = make, is_reachable
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._heard_s = 0.0

    @property
    def is_connected(self) -> bool:
        """Whether the link stands, as far as is known."""
        return self._link is not None

    @property
    def link(self) -> Link:
        """The link of this moment. Raises LogUnavailable when there is none."""
        if self._link is None:
            raise LogUnavailable("not connected to the log")
        return self._link

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Close the link."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        await self._disconnect()

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        """Send one command. Raises LogUnavailable or OutcomeUnknown."""
        link = self.link
        await self._probe()
        try:
            answer = await link.send(request, timeout_s)
        except AppendUnknown as error:
            raise OutcomeUnknown(request.command_id) from error
        self._heard_s = time.monotonic()
        return answer

    async def write(self, partition: int, key: str, value: bytes) -> int:
        """Write one block of personal data; its offset. Raises LogUnavailable, AppendUnknown."""
        link = self.link
        await self._probe()
        return await link.write(partition, key, value)

    async def _probe(self) -> None:
        """Ask first whether a broker is there, unless one answered a moment ago."""
        if time.monotonic() - self._heard_s < TRUSTED_S:
            return
        if not await self._is_reachable():
            raise LogUnavailable("no broker answers")

    async def _keep(self) -> None:
        """Hold a link for ever: one that breaks is replaced."""
        while True:
            link = self._make()
            try:
                await link.start()
                self._link = link
                log.info("connected to the log")
                await link.broken()
                log.error("answers are no longer heard; connecting again")
            except Exception as error:
                log.warning("the log cannot be reached; trying again", extra={"why": str(error)})
            self._link = link
            await self._disconnect()
            await asyncio.sleep(RETRY_S)

    async def _disconnect(self) -> None:
        link, self._link = self._link, None
        if link is None:
            return
        try:
            await asyncio.wait_for(link.stop(), STOP_TIMEOUT_S)
        except Exception as error:  # a broker that is away is not waited for
            log.info("the link did not close", extra={"why": str(error)})


def tcp_probe(bootstrap: str) -> Callable[[], Awaitable[bool]]:
    """Whether any of the bootstrap servers takes a connection."""
    places = [place.strip().rpartition(":") for place in bootstrap.split(",") if place.strip()]

    async def is_reachable() -> bool:
        for host, _, port in places:
            try:
                async with asyncio.timeout(PROBE_TIMEOUT_S):
                    _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            except (OSError, TimeoutError):
                continue
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return True
        return False

    return is_reachable
