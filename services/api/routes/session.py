"""Log in with a token, log out, and who am I."""

import time
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from services.api.access import COOKIE, CallerOf, same_origin
from services.api.models.form import RequestForm
from services.api.problems import Problem
from services.api.roles import permissions_of
from services.api.tokens import LOCAL, SESSION_S, Tokens

router = APIRouter(tags=["session"])


class Login(RequestForm):
    """A token of the deployment's token file."""

    token: str = Field(max_length=1_000)


@router.post("/login", status_code=204)
async def log_in(login: Login, request: Request) -> Response:
    """Exchange a token for a session cookie (HttpOnly, SameSite=Strict; Secure over TLS)."""
    if not same_origin(request):
        raise Problem("forbidden", "The request came from a page of another origin.")
    tokens: Tokens | None = request.app.state.tokens
    if tokens is None:
        return Response(status_code=204)
    session = tokens.session(login.token, int(time.time()))
    if session is None:
        raise Problem("unauthenticated", "The token is not one of this deployment.")
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        session,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout", status_code=204)
async def log_out(request: Request) -> Response:
    """Drop the session cookie."""
    if not same_origin(request):
        raise Problem("forbidden", "The request came from a page of another origin.")
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@router.get("/login", include_in_schema=False)
async def login_page() -> Response:
    """The console's page."""
    return RedirectResponse("console/#/login", 307)


@router.get("/v1/session")
async def session(caller: CallerOf, request: Request) -> dict[str, Any]:
    """Who the caller is, and what the console must say about this deployment."""
    told: dict[str, Any] = {
        "actor": caller.actor,
        "role": caller.role,
        "local": caller is LOCAL,
        "permissions": permissions_of(caller.role),
    }
    return {**told, **request.app.state.about}
