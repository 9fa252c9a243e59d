"""Connections to the views. Their names mean the current view version, also after a switch to another one."""

from typing import Any, Final

from psycopg import AsyncConnection, Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

SCHEMA: Final = "outdial_views"
CHANNEL: Final = "outdial_views"
Row = dict[str, Any]
# A network that has forgotten a connection says nothing: without these a client that waits hears of it after two hours.
# The server's address may say otherwise.
PATIENCE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
UNANSWERED_MS: Final = 20_000


async def connect(dsn: str, schema: str = SCHEMA) -> AsyncConnection[Row]:
    """A connection whose names mean the views. Raises psycopg.OperationalError."""
    return await AsyncConnection.connect(
        _unless_told(dsn, **PATIENCE), autocommit=True, row_factory=dict_row, options=_options(schema)
    )


def connect_blocking(dsn: str, schema: str = SCHEMA) -> Connection[Row]:
    """The same for a thread, as a download has it."""
    return Connection.connect(
        _unless_told(dsn, **PATIENCE), autocommit=True, row_factory=dict_row, options=_options(schema)
    )


def asking(dsn: str) -> str:
    """The server's address for who only asks: a question that the network lost is given up after 20 s, not 15 minutes.

    Not for who copies rows in: the kernel takes a server that waits for a lock for a lost one.
    """
    return _unless_told(dsn, tcp_user_timeout=UNANSWERED_MS)


def _unless_told(dsn: str, **settings: int) -> str:
    told: dict[str, Any] = settings | conninfo_to_dict(dsn)
    return make_conninfo(**told)


def _options(schema: str) -> str:
    return f"-c search_path={schema} -c timezone=UTC"
