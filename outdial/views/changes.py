"""Tells which campaigns' views have changed, as the database notifies it."""

import asyncio
from collections.abc import AsyncGenerator

from psycopg import AsyncConnection, OperationalError

from outdial.views.database import CHANNEL, Row, connect

QUEUE = 1_000


class Changes:
    """One listening connection for all watchers of a process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._watchers: set[asyncio.Queue[str]] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; a lost connection is made again."""
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """End listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def watch(self, wait_s: float) -> AsyncGenerator[str, None]:
        """Campaign ids as they change, from now on; an empty text after `wait_s` without news."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        self._watchers.add(queue)
        try:
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), wait_s)
                except TimeoutError:
                    yield ""
        finally:
            self._watchers.discard(queue)

    async def _listen(self) -> None:
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self._pass_on(connection)
            except OperationalError:
                await asyncio.sleep(0.5)

    async def _pass_on(self, connection: AsyncConnection[Row]) -> None:
        async for notice in connection.notifies():
            for queue in self._watchers:
                if not queue.full():  # a watcher that is this far behind reads the newest state anyway
                    queue.put_nowait(notice.payload)
