"""A small API that answers as the contract says, from memory: for tests of the console and of the command line.

It serves the real console pages. Calls, log and database do not exist; `FakeApi` is what a test looks at and changes.
"""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from outdial.messages import schemas
from services.api.console import console_app
from services.api.roles import permissions_of
from tests.kit.fake_campaign import (
    DO,
    LISTS,
    FakeCampaign,
    Refused,
    accepted,
    by_value,
    not_allowed,
    preview,
    receipt_of,
)

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOKEN: Final = "a-token-of-the-tests-0001"  # noqa: S105  # opens nothing


class FakeApi:
    """The server. `with FakeApi() as api:` serves it at `api.url`; `api.asked` holds what commands were sent."""

    def __init__(self, token: str = "") -> None:
        self.campaigns: dict[str, FakeCampaign] = {}
        self.asked: list[tuple[str, Any]] = []
        self.refuse: dict[str, Refused] = {}  # verb -> what the next such command is answered with
        self.without_watch = False
        self.unsettled: dict[str, int] = {}  # verb -> how often the outcome is not known yet
        self._answers: dict[str, dict[str, Any]] = {}
        self.watchers: list[asyncio.Queue[tuple[str, str, Any]]] = []
        self._token = token
        self.role = "administrator"
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, campaign_id: str = "spring", name: str = "Spring sale", **values: Any) -> FakeCampaign:
        """One more campaign."""
        self.campaigns[campaign_id] = FakeCampaign(campaign_id, name, **values)
        return self.campaigns[campaign_id]

    def tell(self, campaign: FakeCampaign, *kinds: str) -> None:
        """Tell everybody who watches what is new of a campaign."""
        shown = campaign.shown()
        for kind in kinds:
            for queue in list(self.watchers):
                assert self._loop is not None
                message = (campaign.campaign_id, kind, {"campaign": campaign.campaign_id, **shown})
                self._loop.call_soon_threadsafe(queue.put_nowait, message)

    def __enter__(self) -> "FakeApi":
        config = uvicorn.Config(
            self.app(), port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="fake-api")
        self._thread.start()
        end, pause = time.monotonic() + 10, threading.Event()
        while not self._server.started:
            assert time.monotonic() < end, "the fake API did not start"
            pause.wait(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def app(self) -> Starlette:
        """The routes."""
        one = "/v1/campaigns/{campaign}"
        routes = [
            Route("/", lambda _: RedirectResponse("console/", 307)),
            Route("/login", self._log_in, methods=["POST"]),
            Route("/logout", self._log_out, methods=["POST"]),
            Route("/v1/session", self._guard(self._session)),
            Route("/v1/reasons", self._guard(self._reasons)),
            Route("/v1/watch", self._guard(self._watch)),
            Route("/v1/campaigns", self._guard(self._list), methods=["GET"]),
            Route("/v1/campaigns", self._guard(self._create), methods=["POST"]),
            Route(one, self._guard(self._show)),
            Route(f"{one}/watch", self._guard(self._watch)),
            Route(f"{one}/records", self._guard(self._records)),
            Route(f"{one}/records/facets", self._guard(self._facets)),
            Route(f"{one}/records/{{record}}", self._guard(self._record)),
            Route(f"{one}/records/{{record}}/why", self._guard(self._why)),
            Route(f"{one}/why", self._guard(self._why)),
            Route(f"{one}/history", self._guard(self._history)),
            Route(f"{one}/download", self._guard(self._download)),
            Route(f"{one}/upload-template.xlsx", self._guard(self._workbook)),
            Route(f"{one}/uploads", self._guard(self._uploads), methods=["GET"]),
            Route(f"{one}/uploads", self._guard(self._upload), methods=["POST"]),
            Route(f"{one}/uploads/{{upload}}", self._guard(self._upload_state), methods=["GET"]),
            Route(f"{one}/uploads/{{upload}}/errors.xlsx", self._guard(self._workbook)),
            Route("/v1/commands/{command}", self._guard(self._answer)),
            Route(f"{one}/{{verb}}", self._guard(self._command), methods=["POST"]),
            Mount("/console", console_app()),
        ]
        return Starlette(routes=routes)

    def _guard(self, handler: Any) -> Any:
        async def guarded(request: Request) -> Response:
            sent = request.headers.get("authorization", "").removeprefix("Bearer ") or request.cookies.get(
                "session"
            )
            try:
                if self._token and sent != self._token:
                    raise Refused(401, "unauthenticated", "No valid token came with the request.")
                answer: Response = await handler(request)
            except Refused as problem:
                return _problem(problem)
            return answer

        return guarded

    def _of(self, request: Request) -> FakeCampaign:
        name = request.path_params["campaign"]
        if name not in self.campaigns:
            raise Refused(404, "campaign-unknown", f"There is no campaign {name}.", campaign=name)
        return self.campaigns[name]

    async def _log_in(self, request: Request) -> Response:
        if (await request.json())["token"] != self._token:
            return _problem(Refused(401, "unauthenticated", "The token is not one of this deployment."))
        answer = Response(status_code=204)
        answer.set_cookie("session", self._token, httponly=True, samesite="strict")
        return answer

    async def _log_out(self, _: Request) -> Response:
        answer = Response(status_code=204)
        answer.delete_cookie("session", httponly=True, samesite="strict")
        return answer

    async def _session(self, _: Request) -> Response:
        return JSONResponse(
            {
                "actor": "local",
                "role": self.role,
                "local": not self._token,
                "simulator": True,
                "permissions": permissions_of(self.role),
            }
        )

    async def _reasons(self, _: Request) -> Response:
        return JSONResponse(schemas.data("reasons"))

    async def _list(self, _: Request) -> Response:
        items = [campaign.shown() for campaign in self.campaigns.values()]
        return JSONResponse({"items": items, "next_cursor": None})

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(("create", body))
        campaign_id = body.get("campaign_id") or "c-made"
        if campaign_id in self.campaigns:
            raise Refused(409, "campaign-exists", f"A campaign {campaign_id} exists.")
        settings = {name: value for name, value in body.items() if name not in {"name", "campaign_id"}}
        campaign = self.add(campaign_id, body["name"], settings=settings)
        campaign.append("outdial.CampaignCreated")
        return JSONResponse(accepted(campaign, f"{campaign.name} was created."), 201)

    async def _show(self, request: Request) -> Response:
        return JSONResponse(self._of(request).shown())

    async def _records(self, request: Request) -> Response:
        found = self._of(request).matching(_query_filters(request))
        limit, start = (
            int(request.query_params.get("limit", 100)),
            int(request.query_params.get("cursor") or 0),
        )
        cursor = str(start + limit) if start + limit < len(found) else None
        return JSONResponse(
            {"items": found[start : start + limit], "next_cursor": cursor, "total": len(found)}
        )

    async def _facets(self, request: Request) -> Response:
        found = self._of(request).matching(_query_filters(request))
        return JSONResponse({"total": len(found), **by_value(found, "")})

    async def _record(self, request: Request) -> Response:
        number = int(request.path_params["record"])
        found = next((one for one in self._of(request).records if one["record_id"] == number), None)
        if found is None:
            raise Refused(404, "record-unknown", f"There is no record {number}.")
        made = {
            "attempt": 1,
            "pass": 1,
            "outcome": "Busy",
            "claimed_at": found["created_at"],
            "dispositions": [],
        }
        return JSONResponse({**found, "attempts_made": [made] if found["reason"] else [], "history": []})

    async def _why(self, request: Request) -> Response:
        position = self._of(request).position
        return JSONResponse({"text": f"The campaign is {position}.", "reasons": {"not-running": 3}})

    async def _history(self, request: Request) -> Response:
        return JSONResponse({"items": self._of(request).history, "next_cursor": None})

    async def _workbook(self, request: Request) -> Response:
        self._of(request)
        return Response(b"PK workbook", media_type=XLSX)

    async def _download(self, request: Request) -> Response:
        campaign = self._of(request)
        self.asked.append(("download", dict(request.query_params)))
        if not campaign.shown()["allowed"]["download"]["allowed"]:
            raise not_allowed(campaign, "download")
        rows = [
            f"{one['record_id']},{one['phone']}\r\n" for one in campaign.matching(_query_filters(request))
        ]
        name = f"{campaign.campaign_id}.{request.query_params['format']}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "Outdial-Log-Position": "spring@1",
        }
        return Response("RecordId,PhoneNumber\r\n" + "".join(rows), headers=headers, media_type="text/csv")

    async def _uploads(self, request: Request) -> Response:
        return JSONResponse({"items": self._of(request).uploads, "next_cursor": None})

    async def _upload(self, request: Request) -> Response:
        campaign = self._of(request)
        async with request.form() as form:
            file = form["file"]
            assert not isinstance(file, str)
            content = await file.read()
            said = {name: value for name, value in form.items() if name != "file"}
            self.asked.append(("upload", said | {"file_name": file.filename, "bytes": len(content)}))
        if not str(file.filename).endswith((".xlsx", ".xlsm", ".csv")):
            raise Refused(415, "not-a-workbook", "The file is no .xlsx, .xlsm or .csv.")
        upload = receipt_of(campaign, str(file.filename), content.decode("utf-8", "replace"))
        campaign.uploads.insert(0, upload)
        queued = {**upload, "state": "queued", "read": 0, "accepted": 0, "errors": []}
        where = f"/v1/campaigns/{campaign.campaign_id}/uploads/{upload['upload_id']}"
        return JSONResponse(queued, 202, {"Location": where})

    async def _upload_state(self, request: Request) -> Response:
        wanted = request.path_params["upload"]
        return JSONResponse(next(one for one in self._of(request).uploads if one["upload_id"] == wanted))

    async def _command(self, request: Request) -> Response:
        campaign, verb = self._of(request), request.path_params["verb"]
        body = json.loads(await request.body() or b"{}")
        dry_run = request.query_params.get("dry_run") == "true"
        self.asked.append((f"{verb}?dry_run" if dry_run else verb, body))
        if not dry_run and verb in self.refuse:
            raise self.refuse.pop(verb)
        if dry_run:
            filters = {"status": ["Pending"]} if verb == "force-complete" else body.get("filters")
            return JSONResponse(preview(campaign.matching(filters)))
        if not campaign.shown()["allowed"][verb]["allowed"]:
            raise not_allowed(campaign, verb)
        if self.unsettled.get(verb):
            return self._later(verb, campaign, body)
        message = DO[verb](campaign, body)
        self.tell(campaign, "position", "counts")
        return JSONResponse(accepted(campaign, message))

    def _later(self, verb: str, campaign: FakeCampaign, body: Any) -> Response:
        """202: the command is carried out, but its answer is not known in time."""
        try:
            answer = {"accepted": True} | accepted(campaign, DO[verb](campaign, body))
        except Refused as refused:
            answer = {"accepted": False, "code": refused.code, "message": refused.detail}
        self._answers["c1"] = {"verb": verb, **answer}
        return JSONResponse({}, 202, {"Location": f"/v1/commands/c1?campaign={campaign.campaign_id}"})

    async def _answer(self, request: Request) -> Response:
        answer = self._answers[request.path_params["command"]]
        self.unsettled[answer["verb"]] -= 1
        if self.unsettled[answer["verb"]]:
            return JSONResponse({"state": "running"}, 202)
        return JSONResponse(answer)

    async def _watch(self, request: Request) -> Response:
        if self.without_watch:
            raise Refused(404, "not-found", "There is nothing at this address.")
        self._loop = asyncio.get_running_loop()
        wanted = request.path_params.get("campaign")
        return StreamingResponse(self._news(request, wanted), media_type="text/event-stream")

    async def _news(self, request: Request, wanted: str | None) -> AsyncIterator[str]:
        queue: asyncio.Queue[tuple[str, str, Any]] = asyncio.Queue()
        self.watchers.append(queue)
        shown = [one.shown() for one in self.campaigns.values() if wanted in {None, one.campaign_id}]
        first = {"campaigns": shown} if wanted is None else {"campaign": shown[0]}
        yield f"event: snapshot\ndata: {json.dumps(first)}\n\n"
        try:
            while not self._server.should_exit and not await request.is_disconnected():
                with contextlib.suppress(TimeoutError):
                    campaign, kind, data = await asyncio.wait_for(queue.get(), 0.1)
                    if wanted in {None, campaign}:
                        yield f"event: {kind}\ndata: {json.dumps(data)}\n\n"
        finally:
            self.watchers.remove(queue)


def _query_filters(request: Request) -> Any:
    query = request.query_params
    if "filters" in query:
        return json.loads(query["filters"])
    lists = {name: query.getlist(name) for name in query if name in LISTS}
    return {name: [None if value == "null" else value for value in values] for name, values in lists.items()}


def _problem(problem: Refused) -> JSONResponse:
    means = schemas.data("errors")["errors"][problem.code]["means"]
    body = {
        "type": f"/problems/{problem.code}",
        "title": means,
        "status": problem.status,
        "code": problem.code,
    }
    return JSONResponse(body | {"detail": problem.detail} | problem.fields, problem.status)


def serving(api: FakeApi) -> Iterator[FakeApi]:
    """For fixtures: the API, served while the test runs."""
    with api:
        yield api
