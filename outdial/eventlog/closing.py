"""Lets go of a client: its stop may hang, raise, or end in the cancellation of one of its own tasks."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

LAST_WAIT_S: Final = 1.0


async def closed(stopping: Coroutine[Any, Any, None], within_s: float) -> BaseException | None:
    """Run a stop for so long at most; hands back what it ended with, None when it ended well.

    Awaited directly, the CancelledError of a client's own task would look like a cancellation of ours, and end a task
    that nobody has cancelled.
    """
    task = asyncio.create_task(stopping)
    try:
        await asyncio.wait([task], timeout=within_s)
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=LAST_WAIT_S)
            return TimeoutError(f"not stopped within {within_s:.0f} s")
        return asyncio.CancelledError() if task.cancelled() else task.exception()
    finally:
        if not task.done():
            task.cancel()
