"""Who asks, and may they: token, session cookie or loopback. Refuses what other sites make browsers send."""

import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from services.api.problems import Problem
from services.api.roles import Permission, may, roles_with
from services.api.tokens import LOCAL, Caller, Tokens, is_loopback

COOKIE: Final = "outdial_session"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def caller_of(request: Request) -> Caller:
    """The caller. Raises `unauthenticated`, or `forbidden` for a request that another site caused."""
    tokens: Tokens | None = request.app.state.tokens
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if tokens is not None and scheme.lower() == "bearer":
        return _known(tokens.caller(token.strip()))
    _refuse_other_sites(request)
    if tokens is None:
        _refuse_other_hosts(request)
        return LOCAL
    return _known(tokens.of_session(request.cookies.get(COOKIE, ""), int(time.time())))


CallerOf = Annotated[Caller, Depends(caller_of)]


def needs(permission: Permission) -> Callable[[Caller], Coroutine[Any, Any, Caller]]:
    """A dependency of a route: its caller must have the permission."""

    async def allowed_caller(caller: CallerOf) -> Caller:
        if not may(caller.role, permission):
            wanted = roles_with(permission)
            detail = f"This needs the role {' or '.join(wanted)}; yours is {caller.role}."
            raise Problem("forbidden", detail, role=caller.role, roles=wanted)
        return caller

    return allowed_caller


Reader = Annotated[Caller, Depends(needs(Permission.READ))]
Downloader = Annotated[Caller, Depends(needs(Permission.DOWNLOAD))]
Commander = Annotated[Caller, Depends(needs(Permission.COMMAND))]
Adder = Annotated[Caller, Depends(needs(Permission.ADD))]
Deleter = Annotated[Caller, Depends(needs(Permission.DELETE))]


def same_origin(request: Request) -> bool:
    """Whether the page that caused a request is ours. A program that is no browser sends neither header."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def _refuse_other_sites(request: Request) -> None:
    if request.method in _SAFE:
        return
    if not same_origin(request):
        raise Problem("forbidden", "The request came from a page of another origin.")
    has_cookie = COOKIE in request.cookies
    if has_cookie and "origin" not in request.headers and "sec-fetch-site" not in request.headers:
        raise Problem("forbidden", "A session needs the Origin header on requests that change something.")


def _refuse_other_hosts(request: Request) -> None:
    """Without tokens only loopback names are answered: a foreign name that points here is a page's trick."""
    if not is_loopback(urlsplit(f"//{request.headers.get('host', '')}").hostname or ""):
        raise Problem("forbidden", "Without tokens the API answers to loopback names only.")


def _known(caller: Caller | None) -> Caller:
    if caller is None:
        raise Problem("unauthenticated")
    return caller
