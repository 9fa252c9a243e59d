"""Health and metrics of a service over HTTP: is it alive, is it ready and what does it wait for."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from outdial.runtime.settings import split_host_port

log = logging.getLogger(__name__)
Scope = Mapping[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Readiness:
    """`waits_for` is empty when the service is ready; `details` are positions and states."""

    waits_for: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        return not self.waits_for


class HealthServer:
    """Serves /health/live, /health/ready and /metrics until it is stopped."""

    def __init__(self, address: str, readiness: Callable[[], Readiness]) -> None:
        host, port = split_host_port(address)
        config = uvicorn.Config(
            self._app,
            host=host,
            port=port,
            interface="asgi3",
            log_config=None,
            lifespan="off",
            access_log=False,
        )
        self._server = _Embedded(config)
        self._readiness = readiness

    async def serve(self) -> None:
        """Run until `stop`; raises SystemExit when the address is taken."""
        await self._server.serve()

    def stop(self) -> None:
        """End `serve`."""
        self._server.should_exit = True

    async def _app(self, scope: Scope, receive: object, send: Send) -> None:
        if scope["type"] != "http":
            return
        match scope["path"]:
            case "/health/live":
                await _answer(send, 200, {"live": True})
            case "/health/ready":
                state = self._readiness()
                body = {"ready": state.ready, "waits_for": state.waits_for, **state.details}
                await _answer(send, 200 if state.ready else 503, body)
            case "/metrics":
                await _send(send, 200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY))
            case _:
                await _answer(send, 404, {"detail": "there is /health/live, /health/ready and /metrics"})


class _Embedded(uvicorn.Server):
    """The service handles its signals itself."""

    def capture_signals(self) -> Any:
        return nullcontext()


async def _answer(send: Send, status: int, body: Mapping[str, Any]) -> None:
    await _send(send, status, "application/json", json.dumps(body, default=str).encode())


async def _send(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
