"""Whether the service lives, whether it can serve and what it waits for, and its numbers."""

from typing import Any, Protocol

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

router = APIRouter(tags=["health"])


class Readiness(Protocol):
    """What the service needs to serve."""

    async def waiting_for(self) -> list[str]:
        """What it waits for: each a sentence; empty when it can serve."""
        ...

    async def details(self) -> dict[str, Any]:
        """The state of its parts, for people."""
        ...


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready")
async def ready(request: Request) -> Response:
    """Whether views can be read. Without the log the API stays ready; commands are answered 503 then."""
    readiness: Readiness = request.app.state.readiness
    waiting_for = await readiness.waiting_for()
    told = {"status": "waiting" if waiting_for else "ready", "waiting_for": waiting_for}
    return JSONResponse(told | await readiness.details(), 503 if waiting_for else 200)


@router.get("/metrics", response_class=Response)
async def metrics() -> Response:
    """Prometheus text."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
