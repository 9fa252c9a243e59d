"""Stands in for the dialer: sends its commands straight to the log."""

import asyncio
import threading
from typing import Self
from uuid import uuid4

from outdial.campaign.commands import Command
from outdial.client.requests import Answer, Request
from outdial.client.sender import CommandSender
from tests.integration.api.stack import ApiStack


class Dialling:
    """A sender in a thread of its own, for tests that are not asynchronous."""

    def __init__(self, stack: ApiStack, campaign: str) -> None:
        self._sender = CommandSender(stack.kafka, 4, "tests/dialer")
        self._campaign = campaign
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._sender.start(), self._loop).result(20)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._sender.stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def send(self, command: Command) -> Answer:
        """The answer of a command that is accepted."""
        request = Request(self._campaign, command, str(uuid4()), "dialer")
        answer = asyncio.run_coroutine_threadsafe(self._sender.send(request), self._loop).result(20)
        assert answer.accepted, answer
        return answer
