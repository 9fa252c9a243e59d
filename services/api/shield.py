"""What every request and answer passes: a bound for bodies, headers that keep browsers and caches from guessing."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


MAX_BODY_BYTES: Final = 8 << 20
"""Of every body but an uploaded file, which has the deployment's own limit."""


class Shield:
    """Adds the headers that an answer does not have yet, and bounds the bodies of requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        bounded = receive if scope["path"].endswith("/uploads") else _bounded(receive)
        await self._app(scope, bounded, with_headers)


def _bounded(receive: Receive) -> Receive:
    """Gives the body on until it is larger than it may be. HTTPException 413 then, which is answered as `too-large`."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY_BYTES:
            raise HTTPException(413)
        return message

    return bounded
