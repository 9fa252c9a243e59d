"""Connections to the views, and the schema they live in."""

from importlib import resources
from typing import Any, Final

from psycopg import AsyncConnection, Connection
from psycopg.rows import dict_row

SCHEMA: Final = "outdial_v1"
CHANNEL: Final = "outdial_views"
LOCK: Final = 0x6F757464  # only one process makes the schema
Row = dict[str, Any]


async def connect(dsn: str) -> AsyncConnection[Row]:
    """A connection whose names mean the views. Raises psycopg.OperationalError."""
    return await AsyncConnection.connect(
        dsn, autocommit=True, row_factory=dict_row, options=_options(), connect_timeout=5
    )


def connect_blocking(dsn: str) -> Connection[Row]:
    """The same for a thread, as a download has it."""
    return Connection.connect(
        dsn, autocommit=True, row_factory=dict_row, options=_options(), connect_timeout=5
    )


async def make_schema(dsn: str) -> None:
    """Make the views' tables if they are not there; safe for several processes at once."""
    text = (resources.files("outdial.views") / "schema.sql").read_text(encoding="utf-8")
    async with await connect(dsn) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        found = await connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA])
        if await found.fetchone() is None:
            await connection.execute(f"CREATE SCHEMA {SCHEMA}")
            await connection.execute(text)


def _options() -> str:
    return f"-c search_path={SCHEMA} -c timezone=UTC"
