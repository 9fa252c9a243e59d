"""Takes reports of calls over HTTP: the other end of the carrier protocol. Its URL holds a secret."""

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any, Final

import uvicorn

from outdial.runtime.settings import split_host_port
from outdial.telephony.port import Listener
from outdial.telephony.wire import Malformed, read_reports, report_id

log = logging.getLogger(__name__)
MAX_BYTES: Final = 4 << 20
KEEP_ALIVE_S: Final = 75
START_TIMEOUT_S: Final = 10.0
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _Embedded(uvicorn.Server):
    """The service handles its signals itself."""

    def capture_signals(self) -> Any:
        return nullcontext()


class ReportListener:
    """`take` gets the reports of one request and says which of them are durable."""

    def __init__(self, address: str, take: Listener) -> None:
        host, port = split_host_port(address)
        self._host, self._take = host, take
        self._path = f"/{secrets.token_urlsafe(24)}/reports"
        config = uvicorn.Config(
            self._app,
            host=host,
            port=port,
            log_config=None,
            lifespan="off",
            interface="asgi3",
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
        self._server = _Embedded(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen; the URL to register. OSError when the address is taken."""
        self._serving = asyncio.create_task(self._server.serve())
        async with asyncio.timeout(START_TIMEOUT_S):
            while not self._server.started:
                if self._serving.done():
                    raise OSError(f"nobody can listen on {self._host}")
                await asyncio.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://{self._host}:{port}{self._path}"

    async def stop(self) -> None:
        """Stop listening; what is not answered yet is sent again by the far side."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def _app(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] != "POST" or not secrets.compare_digest(
            scope["path"].encode(), self._path.encode()
        ):
            await _answer(send, 404, {})
            return
        try:
            reports = read_reports(json.loads(await _body(receive)))
        except (Malformed, ValueError):
            await _answer(send, 422, {})
            return
        taken = await self._take(reports)
        await _answer(send, 200, {"acknowledged": [report_id(report) for report in taken]})


async def _body(receive: Receive) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("the other side is gone")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BYTES:
            raise Malformed(f"more than {MAX_BYTES} bytes")
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(send: Send, status: int, body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": raw})
