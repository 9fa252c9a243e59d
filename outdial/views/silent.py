"""Sessions that make the database wait. A projection that is stopped in the middle of its transaction keeps the lock of
its cursor for as long as it sleeps, and whoever has its partitions now would wait as long. One whose connection the
network has forgotten waits for the database, and the database for it.
"""

from datetime import timedelta

from psycopg import AsyncConnection

from outdial.views.database import Row


async def ended(db: AsyncConnection[Row], silent_s: float) -> int:
    """End the sessions that block somebody's cursor and have made the database wait for so long; returns how many.

    A long statement is no silence: there the session does not wait for its client, as it does in an idle transaction or
    in a COPY whose rows do not come. What it had not committed is undone and read again from the log.
    """
    found = await db.execute(
        """
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS ended FROM (
            SELECT DISTINCT holder.pid
            FROM pg_stat_activity AS waiting, unnest(pg_blocking_pids(waiting.pid)) AS blocks,
                pg_stat_activity AS holder
            WHERE waiting.datname = current_database() AND waiting.wait_event_type = 'Lock'
                AND waiting.query LIKE '%% cursors %%'
                AND holder.pid = blocks AND holder.usename = current_user
                AND holder.wait_event_type = 'Client' AND now() - holder.state_change > %s
        ) AS silent
        """,
        [timedelta(seconds=silent_s)],
    )
    row = await found.fetchone()
    return int(row["ended"]) if row else 0


async def backend_of(db: AsyncConnection[Row]) -> int:
    """The process of a session. Its connection may have been told another number, by a pooler of connections."""
    found = await db.execute("SELECT pg_backend_pid() AS pid")
    row = await found.fetchone()
    return int(row["pid"]) if row else 0


async def is_served(db: AsyncConnection[Row], backend: int, silent_s: float) -> bool:
    """Whether the database works for a session, or has just answered it; not when it has waited so long for its client.

    `backend` is the process of the session; one that is over is not served.
    """
    found = await db.execute(
        """
        SELECT count(*) AS served FROM pg_stat_activity
        WHERE pid = %s AND (wait_event_type IS DISTINCT FROM 'Client' OR now() - state_change < %s)
        """,
        [backend, timedelta(seconds=silent_s)],
    )
    row = await found.fetchone()
    return bool(row and row["served"])
