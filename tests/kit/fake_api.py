"""A small API that answers as the contract says, from memory: for tests of the console and of the command line.

It serves the real console pages. Calls, log and database do not exist; `FakeApi` is what a test looks at and changes.
"""

import asyncio
import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from outdial.messages import schemas
from services.api.allowance import allowed_map
from services.api.console import console_app

LISTS: Final = ("status", "reason", "disposition", "priority", "agent", "last_agent", "skill")
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOKEN: Final = "a-token-of-the-tests-0001"  # noqa: S105  # opens nothing


class Refused(Exception):
    """A problem document to answer with."""

    def __init__(self, status: int, code: str, detail: str, **fields: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.fields = status, code, detail, fields


@dataclass
class FakeCampaign:
    """One campaign: its position, its records and its uploads."""

    campaign_id: str
    name: str
    position: str = "Ready"
    version: int = 1
    settings: dict[str, Any] = field(default_factory=lambda: {"time_zone": "Asia/Kolkata", "region": "IN"})
    records: list[dict[str, Any]] = field(default_factory=list)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    undo: dict[str, Any] | None = None
    in_progress: int = 0

    def shown(self) -> dict[str, Any]:
        """As GET /campaigns/{id} tells it."""
        counts = {
            "total": len(self.records),
            "active": sum(record["status"] == "Pending" for record in self.records) - self.in_progress,
            "in_progress": self.in_progress,
            "by_status": dict(Counter(record["status"] for record in self.records)),
            "by_reason": dict(Counter(record["reason"] or "" for record in self.records)),
        }
        return {
            "campaign_id": self.campaign_id,
            "name": self.name,
            "position": self.position,
            "version": self.version,
            "log_position": f"{self.campaign_id}@{len(self.history)}",
            "counts": counts,
            "allowed": allowed_map(self.position, frozenset()),
            "settings": self.settings | {"name": self.name},
            "upload": None,
            "undo": self.undo,
            "notice": None,
        }

    def append(self, kind: str, **data: Any) -> None:
        """One more event."""
        at = len(self.history) + 1
        self.version += 1
        event = {"sequence": at, "type": kind, "time": "2026-11-25T10:00:00Z", "actor": "local", "data": data}
        self.history.append(
            event | {"log_position": f"{self.campaign_id}@{at}", "command_id": f"command-{at}"}
        )

    def matching(self, filters: Any) -> list[dict[str, Any]]:
        """The records that filters choose; unknown fields are refused as the API refuses them."""
        if filters is None:
            raise Refused(422, "filters-missing", "Send `filters`; {} means all records.")
        several = filters if isinstance(filters, list) else [filters]
        return [record for record in self.records if any(_matches(record, one) for one in several)]


def record(number: int, **values: Any) -> dict[str, Any]:
    """A record as the API shows it."""
    return {
        "record_id": number,
        "phone": f"+9198765{number:05d}",
        "name": f"Customer {number}",
        "priority": 1,
        "expiry_date": None,
        "agent": "",
        "skill": "",
        "extra": {},
        "status": "Pending",
        "reason": "",
        "disposition": "",
        "last_agent": "",
        "attempts": 0,
        "last_attempt_at": None,
        "next_attempt_at": None,
        "pass": 1,
        "upload_id": "u1",
        "created_at": "2026-11-25T09:00:00Z",
        "updated_at": "2026-11-25T09:00:00Z",
        **values,
    }


class FakeApi:
    """The server. `with FakeApi() as api:` serves it at `api.url`; `api.asked` holds what commands were sent."""

    def __init__(self, token: str = "") -> None:
        self.campaigns: dict[str, FakeCampaign] = {}
        self.asked: list[tuple[str, Any]] = []
        self.refuse: dict[str, Refused] = {}  # verb -> what the next such command is answered with
        self.without_watch = False
        self.watchers: list[asyncio.Queue[tuple[str, str, Any]]] = []
        self._token = token
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
            Route(f"{one}/uploads/{{upload}}", self._guard(self._receipt), methods=["GET"]),
            Route(f"{one}/uploads/{{upload}}/errors.xlsx", self._guard(self._workbook)),
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
            {"actor": "local", "role": "administrator", "local": not self._token, "simulator": True}
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
        return JSONResponse(_accepted(campaign, f"{campaign.name} was created."), 201)

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
        return JSONResponse({"total": len(found), **_by_value(found, "")})

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
            raise _not_allowed(campaign, "download")
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
        upload = _receipt(campaign, str(file.filename), content.decode("utf-8", "replace"))
        campaign.uploads.insert(0, upload)
        queued = {**upload, "state": "queued", "read": 0, "accepted": 0, "errors": []}
        where = f"/v1/campaigns/{campaign.campaign_id}/uploads/{upload['upload_id']}"
        return JSONResponse(queued, 202, {"Location": where})

    async def _receipt(self, request: Request) -> Response:
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
            return JSONResponse(_preview(campaign.matching(filters)))
        if not campaign.shown()["allowed"][verb]["allowed"]:
            raise _not_allowed(campaign, verb)
        message = _DO[verb](campaign, body)
        self.tell(campaign, "position", "counts")
        return JSONResponse(_accepted(campaign, message))

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


def _start(campaign: FakeCampaign, _: Any) -> str:
    campaign.position = "Running"
    campaign.append("outdial.CampaignStarted")
    return f"{campaign.name} was started."


def _stop(campaign: FakeCampaign, _: Any) -> str:
    campaign.position = "Stopped"
    campaign.append("outdial.CampaignStopped")
    return f"{campaign.name} was stopped."


def _reset(campaign: FakeCampaign, body: Any) -> str:
    found = campaign.matching(body.get("filters"))
    for one in found:
        one.update(status="Pending", reason="", disposition="")
    campaign.position = "Ready"
    campaign.append("outdial.CampaignReset", affected=len(found))
    campaign.undo = {
        "command_id": campaign.history[-1]["command_id"],
        "command": "reset",
        "restorable": len(found),
    }
    return f"{len(found)} records were reset."


def _delete(campaign: FakeCampaign, body: Any) -> str:
    found = campaign.matching(body.get("filters"))
    expected = _preview(found)
    if body.get("confirm") not in (expected["selection"], expected["affected"]):
        raise Refused(409, "count-changed", "Other records match now.", **expected)
    campaign.records = [one for one in campaign.records if one not in found]
    campaign.append("outdial.RecordsDeleted", affected=len(found))
    return f"{len(found)} records were deleted for good."


def _force(campaign: FakeCampaign, _: Any) -> str:
    active = [one for one in campaign.records if one["status"] == "Pending"]
    for one in active:
        one.update(status="Complete", reason="ForceCompleted")
    campaign.position = "Completed"
    campaign.append("outdial.CampaignForceCompleted", affected=len(active))
    campaign.undo = {"command_id": campaign.history[-1]["command_id"], "command": "force-complete"}
    return f"{campaign.name} was completed: {len(active)} records were never dialled."


def _undo(campaign: FakeCampaign, body: Any) -> str:
    if campaign.undo is None or body["command_id"] != campaign.undo["command_id"]:
        raise Refused(409, "undo-not-available", "There is nothing of that command to undo.")
    campaign.undo = None
    campaign.position = "Stopped"
    campaign.append("outdial.CommandUndone")
    return "The reset was undone."


_DO: Final = {
    "start": _start,
    "stop": _stop,
    "reset": _reset,
    "delete-records": _delete,
    "force-complete": _force,
    "undo": _undo,
}


def _matches(record: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    known = {*LISTS, "record_id", "phone", "from_date", "to_date", "date_field"}
    for name, wanted in filters.items():
        if name not in known:
            raise Refused(
                422, "filter-invalid", f"{name} is no filter; the known ones are {', '.join(sorted(known))}."
            )
        if name in LISTS and not any(_is(record[name], value) for value in wanted):
            return False
    return True


def _is(value: Any, wanted: str | None) -> bool:
    if wanted is None:
        return value in {"", None}
    first, _, last = str(wanted).partition("-")
    if isinstance(value, int) and last:
        return int(first) <= value <= int(last)
    return str(value) == str(wanted)


def _by_value(found: list[dict[str, Any]], prefix: str) -> dict[str, Any]:
    return {f"{prefix}{name}": dict(Counter(str(one[name] or "") for one in found)) for name in LISTS}


def _preview(found: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = ".".join(str(one["record_id"]) for one in found)
    selection = f"selection-{len(found)}-{abs(hash(numbers)):x}"
    not_dialable = dict(Counter(one["reason"] for one in found if one["reason"] in {"Expired", "DoNotCall"}))
    by_value = _by_value(found, "by_")
    return {"affected": len(found), "selection": selection, "not_dialable": not_dialable, **by_value}


def _query_filters(request: Request) -> Any:
    query = request.query_params
    if "filters" in query:
        return json.loads(query["filters"])
    lists = {name: query.getlist(name) for name in query if name in LISTS}
    return {name: [None if value == "null" else value for value in values] for name, values in lists.items()}


def _receipt(campaign: FakeCampaign, name: str, text: str) -> dict[str, Any]:
    rows = [line.split(",")[0].strip() for line in text.splitlines()[1:] if line.strip()]
    errors = []
    for number, phone in enumerate(rows, 2):
        if not phone.lstrip("+").isdigit():
            text = "the phone number is not valid"
            errors.append({"row": number, "column": "PhoneNumber", "code": "phone-invalid", "text": text})
        else:
            campaign.records.append(record(len(campaign.records) + 1, phone=phone))
    return {
        "upload_id": f"u{len(campaign.uploads) + 1}",
        "file_name": name,
        "state": "committed",
        "read": len(rows),
        "accepted": len(rows) - len(errors),
        "duplicate": 0,
        "invalid": len(errors),
        "errors": errors,
        "ignored_columns": [],
        "actor": "local",
        "created_at": "2026-11-25T10:00:00Z",
    }


def _accepted(campaign: FakeCampaign, message: str) -> dict[str, Any]:
    return {
        "command_id": f"command-{len(campaign.history)}",
        "campaign": campaign.campaign_id,
        "version": campaign.version,
        "position": campaign.position,
        "affected": 0,
        "changed": True,
        "message": message,
    }


def _not_allowed(campaign: FakeCampaign, verb: str) -> Refused:
    shown = campaign.shown()
    text = shown["allowed"][verb]["text"]
    return Refused(409, "position-does-not-allow", text, position=campaign.position, allowed=shown["allowed"])


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
