"""A projection that is stopped in its transaction does not hold up the one that has its partitions now. One that waits
for an answer which never comes is not at work.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest
from psycopg import AsyncConnection

from outdial.views import cursor, silent, versions
from outdial.views.cursor import EVENTS
from outdial.views.database import Row, connect
from tests.kit.until import until

Db = AsyncConnection[Row]
SILENT_S = 0.3


@pytest.fixture
async def made(dsn: str) -> AsyncIterator[str]:
    await versions.prepare(dsn)
    async with await connect(dsn) as db, db.transaction():
        await cursor.lock(db, EVENTS, 0)
    yield dsn


async def is_idle(db: Db) -> None:
    """Its last statement is over, its transaction is not."""


async def copies(db: Db) -> None:
    """It has begun to copy rows, and none comes."""
    db.pgconn.send_query(b"COPY do_not_call_numbers FROM STDIN")
    while db.pgconn.is_busy():
        db.pgconn.consume_input()


async def works(db: Db) -> None:
    """A long statement."""
    db.pgconn.send_query(b"SELECT pg_sleep(600)")


async def waits_for(dsn: str, waiting: "asyncio.Task[int]", db: Db) -> None:
    """Until somebody waits for the cursor, for longer than anybody may be silent."""

    async def so() -> bool:
        found = await db.execute(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND now() - state_change > interval '0.5 s'"
        )
        row = await found.fetchone()
        return bool(row and row["n"]) and not waiting.done()

    await until(so, "it waits")


async def heir(dsn: str) -> int:
    """The one that has the partition now."""
    async with await connect(dsn) as db, db.transaction():
        return await cursor.lock(db, EVENTS, 0)


@pytest.mark.parametrize(
    ("how", "is_ended"), [(is_idle, True), (copies, True), (works, False)], ids=["idle", "copies", "works"]
)
async def test_who_is_silent_is_ended_and_who_works_is_not(
    made: str, how: Callable[[Db], Awaitable[None]], is_ended: bool
) -> None:
    async with await connect(made) as db:
        holder = await connect(made)
        await holder.execute("BEGIN")
        await cursor.lock(holder, EVENTS, 0)
        await how(holder)
        waiting = asyncio.create_task(heir(made))
        await waits_for(made, waiting, db)

        assert await silent.ended(db, SILENT_S) == int(is_ended)

        if is_ended:
            assert await asyncio.wait_for(waiting, 10) == 0
        else:
            assert not waiting.done()
            await db.execute("SELECT pg_terminate_backend(%s)", [holder.info.backend_pid])
            await waiting
        with pytest.raises(psycopg.Error):
            await holder.execute("COMMIT")
        await holder.close()


async def test_a_silent_session_that_blocks_nobody_is_left_alone(made: str) -> None:
    async with await connect(made) as db, await connect(made) as holder:
        await holder.execute("BEGIN")
        await cursor.lock(holder, EVENTS, 0)

        assert await silent.ended(db, 0.0) == 0

        await holder.execute("COMMIT")


@pytest.mark.parametrize(
    ("how", "is_served"), [(is_idle, False), (copies, False), (works, True)], ids=["idle", "copies", "works"]
)
async def test_the_database_tells_whom_it_works_for(
    made: str, how: Callable[[Db], Awaitable[None]], is_served: bool
) -> None:
    async with await connect(made) as db:
        session = await connect(made)
        backend = await silent.backend_of(session)
        await session.execute("BEGIN")
        await how(session)

        async def is_over() -> bool:
            return not await silent.is_served(db, backend, SILENT_S)

        if is_served:
            with pytest.raises(TimeoutError):
                await until(is_over, "it has waited for its client", 3 * SILENT_S)
        else:
            assert await silent.is_served(db, backend, 600.0), "it has just been answered"
            await until(is_over, "it has waited for its client")
        await db.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])

        assert not await silent.is_served(db, backend, 600.0), "one that is over"

        await session.close()
