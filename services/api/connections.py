"""A few connections to the views, lent one question each; what the database cannot answer becomes a Problem."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import InvalidSchemaName, UndefinedTable

from outdial.views.database import Row, asking, connect
from services.api.problems import Problem

MOST: Final = 8
LEND_TIMEOUT_S: Final = 5.0
QUESTION_TIMEOUT_MS: Final = 30_000
AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, InvalidSchemaName, UndefinedTable)
"""The database is away, starting, or the views are not made yet: all of it may be over soon."""


class Connections:
    """At most MOST at a time; a broken one is not lent again."""

    def __init__(self, dsn: str) -> None:
        self._dsn = asking(dsn)
        self._free: list[AsyncConnection[Row]] = []
        self._slots = asyncio.Semaphore(MOST)

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[AsyncConnection[Row]]:
        """One connection. Raises Problem `database-unavailable`, `too-many-requests`."""
        try:
            async with asyncio.timeout(LEND_TIMEOUT_S):
                await self._slots.acquire()
        except TimeoutError:
            raise Problem("too-many-requests") from None
        try:
            async with self._healthy() as connection:
                yield connection
        except AWAY as error:
            raise Problem("database-unavailable") from error
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Close those that are not lent."""
        while self._free:
            await self._free.pop().close()

    @asynccontextmanager
    async def _healthy(self) -> AsyncIterator[AsyncConnection[Row]]:
        connection = self._free.pop() if self._free else await self._made()
        try:
            yield connection
        except BaseException:
            await connection.close()
            raise
        self._free.append(connection)

    async def _made(self) -> AsyncConnection[Row]:
        connection = await connect(self._dsn)
        await connection.execute(f"SET statement_timeout = {QUESTION_TIMEOUT_MS}")
        return connection
