"""Who may do what: every route asks for a permission, every role has its cells, other sites have none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from services.api.app import ROUTERS
from services.api.roles import ROLES, Permission, may
from services.api.tokens import Tokens
from tests.unit.api.fakes import CAMPAIGN, Api

ADMIN, AUDITOR, SERVICE = "admin-0123456789abcdef", "audit-0123456789abcdef", "service-0123456789abcde"
TOKENS = f"{ADMIN} asha administrator\n{AUDITOR} olga auditor\n{SERVICE} crm service\n"
OPEN = {"/health/live", "/health/ready", "/metrics", "/login", "/logout", "/docs", "/", "/problems/{code}"}
BASE = f"/v1/campaigns/{CAMPAIGN}"

# What each role may do, one request per permission.
REQUESTS: dict[Permission, tuple[str, str, Any]] = {
    Permission.READ: ("GET", BASE, None),
    Permission.DOWNLOAD: ("GET", f"{BASE}/downloads/none", None),
    Permission.COMMAND: ("POST", f"{BASE}/start", None),
    Permission.ADD: ("POST", f"{BASE}/attempts/x/disposition", {"disposition": "Sale", "agent": "a"}),
    Permission.DELETE: ("POST", f"{BASE}/delete-records", {"filters": {}}),
}


@pytest.fixture
def api(tmp_path: Path) -> Api:
    return Api(tmp_path, tokens=Tokens.parse(TOKENS))


def routes() -> Iterator[APIRoute]:
    return (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))


def test_every_route_asks_who_it_is_or_is_open_on_purpose() -> None:
    closed = {route.path for route in routes() if "caller_of" in _dependencies(route)}
    assert {route.path for route in routes()} - closed == OPEN
    assert {path for path in closed if not path.startswith("/v1/")} == set()


def test_every_route_that_changes_something_needs_a_permission() -> None:
    for route in routes():
        if (route.methods or set()) - {"GET", "HEAD"} and route.path.startswith("/v1"):
            assert "allowed_caller" in _dependencies(route), route.path


def _dependencies(route: APIRoute) -> set[str]:
    names, left = set(), [route.dependant]
    while left:
        one = left.pop()
        names.add(getattr(one.call, "__name__", ""))
        left.extend(one.dependencies)
    return names


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", Permission)
async def test_each_cell_of_the_roles(role: str, permission: Permission, api: Api) -> None:
    token = {"administrator": ADMIN, "auditor": AUDITOR, "service": SERVICE}[role]
    method, path, body = REQUESTS[permission]
    async with api.client({"Authorization": f"Bearer {token}"}) as client:
        answer = await client.request(method, path, json=body)
    assert (answer.status_code != 403) is may(role, permission)
    if answer.status_code == 403:
        assert answer.json()["code"] == "forbidden"
        assert answer.json()["role"] == role
        assert api.sender.asked == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong-0123456789abcdef", f"Basic {ADMIN}", ADMIN])
async def test_without_a_token_of_the_deployment_nobody_is_anybody(header: str, api: Api) -> None:
    async with api.client({"Authorization": header} if header else None) as client:
        answer = await client.get(BASE)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_actor_of_a_command_is_the_name_of_its_token(api: Api) -> None:
    async with api.client({"Authorization": f"Bearer {SERVICE}"}) as client:
        await client.post(f"{BASE}/start")
    assert api.sender.asked[-1].actor == "crm"


async def test_login_exchanges_a_token_for_a_cookie_that_scripts_cannot_read(api: Api) -> None:
    async with api.client({"Origin": "http://127.0.0.1:8080"}) as client:
        answer = await client.post("/login", json={"token": ADMIN})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await client.get("/v1/session")).json()["actor"] == "asha"
        assert (await client.post(f"{BASE}/start")).status_code == 200
        await client.post("/logout")
        assert (await client.get("/v1/session")).status_code == 401


async def test_a_wrong_token_gets_no_cookie(api: Api) -> None:
    async with api.client() as client:
        answer = await client.post("/login", json={"token": "wrong-0123456789abcdef"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
async def test_a_session_changes_nothing_for_another_site(headers: dict[str, str], api: Api) -> None:
    async with api.client() as client:
        await client.post("/login", json={"token": ADMIN})
        answer = await client.post(f"{BASE}/start", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert api.sender.asked == []


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
)
async def test_the_loopback_actor_serves_no_other_site(headers: dict[str, str], tmp_path: Path) -> None:
    api = Api(tmp_path)
    async with api.client() as client:
        answer = await client.post(f"{BASE}/start", headers=headers)
    assert answer.status_code == 403
    assert api.sender.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
async def test_the_loopback_actor_answers_to_loopback_names(host: str, tmp_path: Path) -> None:
    api = Api(tmp_path)
    async with api.client() as client:
        answer = await client.post(f"{BASE}/start", headers={"Host": host, "Origin": f"http://{host}"})
    assert answer.status_code == 200
    assert api.sender.asked[-1].actor == "local"


async def test_answers_carry_the_headers_that_keep_browsers_from_guessing(api: Api) -> None:
    async with api.client() as client:
        answer = await client.get(BASE)
        page = await client.get("/docs")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == page.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_the_session_tells_what_its_role_may_do(api: Api) -> None:
    async with api.client({"Authorization": f"Bearer {AUDITOR}"}) as client:
        told = (await client.get("/v1/session")).json()

    assert (told["role"], told["permissions"]) == ("auditor", ["download", "read"])
