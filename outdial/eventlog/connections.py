"""How aiokafka (pinned version) connects, gives up a broker that answers nothing, and what people are told of it.

Left alone it waits for a new connection as long as for an answer, and keeps all others of the client waiting for it.
When an answer does not come, it closes that connection only: the next one to the same broker is found dead 5 s later.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import aiokafka.client
from aiokafka.conn import CloseReason, create_conn

CONNECT_S: Final = 2.0  # several times what TCP, TLS and SASL take between continents
OnClose = Callable[[Any, CloseReason | None], None]
# Why the last attempt to connect to a server failed, which aiokafka only logs: `host:port` -> words.
_failures: Final[dict[str, str]] = {}


async def create_soon(host: str, port: int, *, on_close: OnClose | None = None, **how: Any) -> Any:
    """aiokafka's `create_conn`; TimeoutError after 2 s."""
    if on_close is not None:
        on_close = with_its_like(on_close)
    try:
        async with asyncio.timeout(CONNECT_S):
            made = await create_conn(host, port, on_close=on_close, **how)
    except Exception as error:
        _failures[f"{host}:{port}"] = str(error) or f"it gave no answer within {CONNECT_S:.0f} s"
        raise
    _failures.pop(f"{host}:{port}", None)
    return made


def failures(bootstrap: str) -> str:
    """What the servers of this list answered to the last attempts, as far as those failed; empty for none."""
    servers = [server.strip() for server in bootstrap.split(",")]
    told = {server: _failures[server] for server in servers if server in _failures}
    return "; ".join(f"{server}: {why}" if len(servers) > 1 else why for server, why in told.items())


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
