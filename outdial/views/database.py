"""Connections to the views. Their names mean the current view version, also after a switch to another one."""

from typing import Any, Final

from psycopg import AsyncConnection, Connection
from psycopg.rows import dict_row

SCHEMA: Final = "outdial_views"
CHANNEL: Final = "outdial_views"
CONNECT_TIMEOUT_S: Final = 5
Row = dict[str, Any]


async def connect(dsn: str, schema: str = SCHEMA) -> AsyncConnection[Row]:
    """A connection whose names mean the views. Raises psycopg.OperationalError."""
    return await AsyncConnection.connect(
        dsn,
        autocommit=True,
        row_factory=dict_row,
        options=_options(schema),
        connect_timeout=CONNECT_TIMEOUT_S,
    )


def connect_blocking(dsn: str, schema: str = SCHEMA) -> Connection[Row]:
    """The same for a thread, as a download has it."""
    return Connection.connect(
        dsn,
        autocommit=True,
        row_factory=dict_row,
        options=_options(schema),
        connect_timeout=CONNECT_TIMEOUT_S,
    )


def _options(schema: str) -> str:
    return f"-c search_path={schema} -c timezone=UTC"
