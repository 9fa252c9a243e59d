"""Tells which streams' views have changed, as the database notifies it."""

import asyncio
from collections.abc import AsyncGenerator

from psycopg import AsyncConnection, OperationalError

from outdial.donotcall.lists import PREFIX
from outdial.views.database import CHANNEL, Row, connect

RETRY_S = 0.5


class Watcher:
    """The campaigns that have changed since they were asked for: each once, however often it did."""

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}
        self._news = asyncio.Event()

    def note(self, campaign: str) -> None:
        """It has changed."""
        self._changed[campaign] = None
        self._news.set()

    async def next(self, wait_s: float) -> str:
        """The campaign that waits longest; an empty text after `wait_s` without news."""
        try:
            await asyncio.wait_for(self._news.wait(), wait_s)
        except TimeoutError:
            return ""
        campaign = next(iter(self._changed))
        del self._changed[campaign]
        if not self._changed:
            self._news.clear()
        return campaign


class Changes:
    """One listening connection for all watchers of a process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._watchers: set[Watcher] = set()
        self._task: asyncio.Task[None] | None = None
        self._seen: dict[str, int] = {}

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
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            while True:
                yield await watcher.next(wait_s)
        finally:
            self._watchers.discard(watcher)

    async def _listen(self) -> None:
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    await self._catch_up(connection)
                    async for notice in connection.notifies():
                        campaign, _, sequence = notice.payload.rpartition("@")
                        self._pass_on(campaign, int(sequence))
            except OperationalError:
                await asyncio.sleep(RETRY_S)

    async def _catch_up(self, connection: AsyncConnection[Row]) -> None:
        """Pass on what changed while nobody listened. A schema that is not there yet has changed nothing."""
        found = await connection.execute("SELECT to_regclass('campaigns') IS NOT NULL AS made")
        row = await found.fetchone()
        if row is None or not row["made"]:
            return
        found = await connection.execute(
            "SELECT campaign, sequence FROM campaigns"
            " UNION ALL SELECT %s || list, sequence FROM do_not_call_lists",
            [PREFIX],
        )
        for row in await found.fetchall():
            if self._seen.get(row["campaign"]) != row["sequence"]:
                self._pass_on(row["campaign"], row["sequence"])

    def _pass_on(self, campaign: str, sequence: int) -> None:
        self._seen[campaign] = sequence
        for watcher in self._watchers:
            watcher.note(campaign)
