"""Waits in coroutines for what has to come true, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable

TIMEOUT_S = 30.0


async def until(true: Callable[[], bool | Awaitable[bool]], what: str, timeout_s: float = TIMEOUT_S) -> None:
    """Ask again and again until it is so; TimeoutError names what did not come."""
    end, never = time.monotonic() + timeout_s, asyncio.Event()
    while True:
        answer = true()
        if answer if isinstance(answer, bool) else await answer:
            return
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout_s:.0f} s: {what}")
        try:
            await asyncio.wait_for(never.wait(), 0.02)
        except TimeoutError:
            continue
