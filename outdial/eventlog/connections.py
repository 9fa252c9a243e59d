"""How aiokafka (pinned version) gives up a broker that answers nothing: it hangs, or the network lost the connection.

It waits for a new connection as long as for an answer, and keeps all others of the client waiting for it; and when an
answer does not come, only that connection is closed: the next one to the same broker is found dead after another 5 s.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiokafka.client
from aiokafka.conn import CloseReason, create_conn

CONNECT_S: Final = 2.0  # several times what TCP, TLS and SASL take between continents
OnClose = Callable[[Any, CloseReason | None], None]


async def create_soon(*where: Any, on_close: OnClose | None = None, **how: Any) -> Any:
    """aiokafka's `create_conn`; TimeoutError after 2 s."""
    if on_close is not None:
        on_close = with_its_like(on_close)
    async with asyncio.timeout(CONNECT_S):
        return await create_conn(*where, on_close=on_close, **how)


def with_its_like(on_close: OnClose) -> OnClose:
    """A client's own `on_close`, and after it the end of its other connections to a broker that gave no answer."""
    client = on_close.__self__  # type: ignore[attr-defined]  # a method of the client that has the connection

    def closed(connection: Any, reason: CloseReason | None) -> None:
        on_close(connection, reason)
        if reason is CloseReason.CONNECTION_TIMEOUT:
            for other in list(client._conns.values()):
                if other is not connection and (other.host, other.port) == (connection.host, connection.port):
                    other.close(reason=CloseReason.CONNECTION_BROKEN)

    return closed


def install() -> None:
    """Let every client of this process connect so."""
    aiokafka.client.create_conn = create_soon
