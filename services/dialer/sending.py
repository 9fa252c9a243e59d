"""Sends the dialer's commands: facts until they are answered, others once within their time."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol
from uuid import uuid4

from outdial.campaign.commands import Command
from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.eventlog.ports import AppendUnknown, LogUnavailable
from services.dialer.clocks import Clocks

log = logging.getLogger(__name__)
ACTOR: Final = "dialer"
FACT_TIMEOUT_S: Final = 5.0
FIRST_BACKOFF_S, LAST_BACKOFF_S = 0.1, 2.0


class Sends(Protocol):
    """What is needed of the command client."""

    async def send(self, request: Request, timeout_s: float) -> Answer:
        """See CommandSender.send."""


class NotAnswered(Exception):
    """The command may or may not be carried out; or it was not appended at all."""


class Commands:
    """Commands of this dialer; every answer also tells the writer's clock."""

    def __init__(self, sender: Sends, clocks: Clocks, now_us: Callable[[], int]) -> None:
        self._sender, self._clocks, self._now_us = sender, clocks, now_us

    async def fact(self, stream: str, command: Command, command_id: str = "") -> Answer:
        """Send what happened; the same id again until it is answered. Facts are accepted in every position."""
        request = self._request(stream, command, command_id, 0.0)
        pause_s = FIRST_BACKOFF_S
        while True:
            try:
                return await self._send(request, FACT_TIMEOUT_S)
            except NotAnswered as error:
                log.warning(
                    "fact not answered, sending it again", extra={"stream": stream, "why": str(error)}
                )
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LAST_BACKOFF_S)

    async def once(
        self, stream: str, command: Command, ttl_s: float, timeout_s: float, command_id: str = ""
    ) -> Answer:
        """Send once; found later than `ttl_s` it is rejected. Raises NotAnswered."""
        request = self._request(stream, command, command_id, max(ttl_s, 0.001))  # 0 would be for ever
        return await self._send(request, timeout_s)

    async def _send(self, request: Request, timeout_s: float) -> Answer:
        sent_us = self._now_us()
        try:
            answer = await self._sender.send(request, timeout_s)
        except (OutcomeUnknown, AppendUnknown, LogUnavailable) as error:
            raise NotAnswered(str(error)) from error
        self._clocks.writer_said(answer.decided_us, sent_us, self._now_us())
        return answer

    def _request(self, stream: str, command: Command, command_id: str, ttl_s: float) -> Request:
        return Request(stream, command, command_id or new_id(), ACTOR, ttl_s=ttl_s)


def new_id() -> str:
    """A command id that nobody used."""
    return uuid4().hex
