"""Stand-ins for the rooms behind the API: a log that answers as told, a read side with one campaign, an app on them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from outdial.campaign.commands import BeginUpload
from outdial.campaign.defaults import default_settings
from outdial.campaign.filter import Filter
from outdial.campaign.settings import CampaignSettings
from outdial.client.requests import Answer, CommandRejected, Request
from outdial.client.upload import Upload
from outdial.eventlog.ports import LogUnavailable
from outdial.files.upload import UploadChunk, UploadLimits, UploadRules
from outdial.messages.codec import Codec
from outdial.messages.persons import PersonsBlock
from services.api.adding import Adding
from services.api.app import Deps, create_app
from services.api.commanding import Commands
from services.api.comments import Comments
from services.api.downloads import Downloads
from services.api.ports import DownloadFile, DownloadOrder, HistoryQuery, Json, Paging
from services.api.problems import Problem
from services.api.rejected import RejectedRows
from services.api.tokens import Tokens
from services.api.uploads.job import UploadJob
from services.api.uploads.queue import UploadQueue
from services.api.uploads.store import UploadStore

CAMPAIGN = "spring"
SETTINGS = default_settings(name="Spring", region="GB", time_zone="Europe/London")
NOW_US = 1_790_000_000_000_000


def accepted(request: Request, **changes: Any) -> Answer:
    """The answer of a log that accepts."""
    answer = Answer(
        command_id=request.command_id,
        command_type=f"outdial.{type(request.command).__name__}",
        stream=request.stream,
        accepted=True,
        code="",
        version=3,
        position="Ready",
        first_sequence=9,
        last_sequence=9,
        affected=0,
        changed=True,
        message="Done.",
        decided_us=NOW_US,
    )
    return replace(answer, **changes)


def rejected(request: Request, code: str, **details: Any) -> Answer:
    """The answer of a log that refuses."""
    return accepted(request, accepted=False, code=code, changed=False, message=f"{code}.", details=details)


@dataclass
class FakeSender:
    """Answers every command by `answer`, and remembers what was asked."""

    answer: Callable[[Request], Answer] = accepted
    asked: list[Request] = field(default_factory=list)

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        self.asked.append(request)
        return self.answer(request)


def campaign_json(**changes: Any) -> dict[str, Any]:
    """A campaign as the read side tells it."""
    return {
        "campaign_id": CAMPAIGN,
        "name": "Spring",
        "position": "Ready",
        "version": 3,
        "log_position": f"{CAMPAIGN}@9",
        "counts": {"total": 2, "active": 2, "in_progress": 0, "by_status": {"Pending": 2}, "by_reason": {}},
        "allowed": {},
        "upload": None,
        "undo": None,
        "notice": None,
        **changes,
    }


@dataclass
class FakeReading:
    """A read side with one campaign; whatever it is asked for it tells and remembers."""

    shown: dict[str, Any] = field(default_factory=campaign_json)
    phones: Mapping[str, Sequence[int]] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    commands: dict[str, Json] = field(default_factory=dict)
    file: Callable[[DownloadOrder], DownloadFile] | None = None
    position: str = f"{CAMPAIGN}@9"
    news: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    uploads_seen: dict[str, Json] = field(default_factory=dict)
    block: PersonsBlock | None = None
    failure: Exception | None = None
    deleted_at: int = 0

    async def last_delete(self, campaign: str) -> int:
        return self.deleted_at

    async def reached(self, log_position: str, timeout_s: float) -> bool:
        return int(log_position.rpartition("@")[2]) <= int(self.position.rpartition("@")[2])

    async def ping(self) -> None:
        return None

    async def campaign(self, campaign: str) -> Json:
        if self.failure:
            raise self.failure
        if campaign != CAMPAIGN:
            raise Problem("campaign-unknown", campaign=campaign)
        return self.shown

    async def settings(self, campaign: str) -> CampaignSettings:
        await self.campaign(campaign)
        return SETTINGS

    async def campaigns(self, paging: Paging) -> Json:
        self.asked.append(paging)
        return {"items": [self.shown], "next_cursor": None}

    async def record_ids(self, campaign: str, phones: Sequence[str | None]) -> Sequence[int]:
        return [number for phone in phones for number in self.phones.get(phone or "", ())]

    async def records(self, campaign: str, filters: Sequence[Filter], paging: Paging) -> Json:
        self.asked.append((filters, paging))
        return {"items": [], "next_cursor": None}

    async def facets(self, campaign: str, filters: Sequence[Filter]) -> Json:
        self.asked.append(filters)
        return {"total": 0}

    async def record(self, campaign: str, record: int) -> Json:
        return {"record_id": str(record)}

    async def why_record(self, campaign: str, record: int) -> Json:
        return {"record_id": str(record), "reasons": []}

    async def why(self, campaign: str) -> Json:
        return {"reasons": {}}

    async def uploads(self, campaign: str, paging: Paging) -> Json:
        return {"items": [], "next_cursor": None}

    async def upload(self, campaign: str, upload_id: str) -> Json | None:
        return self.uploads_seen.get(upload_id)

    async def history(self, campaign: str, query: HistoryQuery) -> Json:
        self.asked.append(query)
        return {"items": [], "next_cursor": None}

    async def command(self, command_id: str, campaign: str | None) -> Json | None:
        return self.commands.get(command_id)

    async def open(self, order: DownloadOrder) -> DownloadFile:
        assert self.file is not None
        return self.file(order)

    async def find_rejected(
        self, campaign: str, upload_id: str, limit: int
    ) -> tuple[int, list[dict[str, Any]]]:
        return 1, self.rejected

    async def fetch(self, partition: int, places: Mapping[str, int]) -> Mapping[str, PersonsBlock]:
        return {key: self.block for key in places if self.block}

    async def changes(self) -> AsyncIterator[str]:
        while True:
            yield await self.news.get()


@dataclass
class FakeSession:
    """An open upload whose log takes every chunk, until `refuse` says otherwise."""

    ports: "FakePorts"
    upload: Upload
    chunks: int = 0
    first_record: int = 1

    async def add(self, chunk: UploadChunk) -> "asyncio.Future[Answer]":
        self.ports.taken.append((self.chunks, chunk))
        self.chunks += 1
        self.ports.chunk_taken.set()
        await self.ports.may_take.wait()
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        details = {"first_record": self.first_record, "duplicates": self.ports.duplicates}
        self.first_record += len(chunk.rows) - len(self.ports.duplicates)
        done.set_result(accepted(self._request("chunk"), details=details))
        return done

    async def add_all(self, chunks: Sequence[UploadChunk]) -> "list[asyncio.Future[Answer]]":
        return [await self.add(chunk) for chunk in chunks]

    async def commit(self, read: int) -> Answer:
        self.ports.commits.append((self.upload.upload_id, self.chunks, read))
        counts = {"accepted": read, "duplicate": 0, "invalid": 0, "state": "committed"}
        return accepted(self._request("commit"), details=counts | self.ports.outcome)

    async def reject(self, code: str, column: str = "") -> Answer:
        if self.ports.is_away:
            raise LogUnavailable("no broker")
        self.ports.rejects.append((self.upload.upload_id, code, column))
        return accepted(self._request("reject"))

    async def close(self) -> None:
        return None

    def _request(self, step: str) -> Request:
        return Request(self.upload.campaign, BeginUpload("", "", b"", 0, "", ""), step, "")


@dataclass
class FakePorts:
    """The rooms behind the upload queue. `opening` decides about each BeginUpload."""

    opening: Callable[[UploadJob], Answer | Exception] | None = None
    known_chunks: int = 0
    is_away: bool = False
    busy: int = 0
    duplicates: list[tuple[int, str]] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    on_a_list: list[str] = field(default_factory=list)
    views_away: int = 0
    lists_away: int = 0
    taken: list[tuple[int, UploadChunk]] = field(default_factory=list)
    begins: list[str] = field(default_factory=list)
    commits: list[tuple[str, int, int]] = field(default_factory=list)
    rejects: list[tuple[str, str, str]] = field(default_factory=list)
    chunk_taken: asyncio.Event = field(default_factory=asyncio.Event)
    may_take: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_take.set()

    async def rules(self, campaign: str, new_columns: str, duplicates: str) -> UploadRules:
        if self.views_away:
            self.views_away -= 1
            raise Problem("database-unavailable")
        if campaign != CAMPAIGN:
            raise Problem("campaign-unknown", campaign=campaign)
        return UploadRules("GB", "Europe/London", new_columns=new_columns, duplicates=duplicates)

    async def listed(self, phones: Sequence[str]) -> Collection[str]:
        if self.lists_away:
            self.lists_away -= 1
            raise Problem("database-unavailable")
        return set(phones) & set(self.on_a_list)

    async def accepted_chunks(self, campaign: str, upload_id: str) -> int:
        return self.known_chunks

    async def is_free(self, job: UploadJob, command: BeginUpload) -> bool:
        self.busy -= 1
        return self.busy < 0

    async def begin(self, job: UploadJob, command: BeginUpload) -> Answer:
        self.begins.append(job.begin_id)
        answer = (
            self.opening(job) if self.opening else accepted(Request(job.campaign, command, job.begin_id, ""))
        )
        if isinstance(answer, Exception):
            raise answer
        if not answer.accepted:
            raise CommandRejected(answer)
        return answer

    def session(self, upload: Upload) -> FakeSession:
        return FakeSession(self, upload)


class FakeBlocks:
    """Takes blocks and gives offsets."""

    def __init__(self) -> None:
        self.written: list[tuple[int, str, bytes]] = []

    async def write(self, partition: int, key: str, value: bytes) -> int:
        self.written.append((partition, key, value))
        return len(self.written)


class FakeReadiness:
    """Ready unless told otherwise."""

    def __init__(self) -> None:
        self.waits: list[str] = []

    async def waiting_for(self) -> list[str]:
        return self.waits

    async def details(self) -> dict[str, Any]:
        return {"log": True}


_APPS: list[FastAPI] = []


def _app(deps: Deps) -> FastAPI:
    """One app for all tests, on the parts of the one that runs: making its routes takes longer than most tests."""
    if not _APPS:
        _APPS.append(create_app(deps))
    for name in Deps.__dataclass_fields__:
        setattr(_APPS[0].state, name, getattr(deps, name))
    return _APPS[0]


@dataclass
class Api:
    """An app on stand-ins, and a client that talks to it as a browser of this machine would."""

    folder: Path
    tokens: Tokens | None = None
    sender: FakeSender = field(default_factory=FakeSender)
    reading: FakeReading = field(default_factory=FakeReading)
    ports: FakePorts = field(default_factory=FakePorts)
    blocks: FakeBlocks = field(default_factory=FakeBlocks)
    readiness: FakeReadiness = field(default_factory=FakeReadiness)
    wait_s: float = 5.0

    def __post_init__(self) -> None:
        self.uploads = UploadQueue(
            UploadStore(self.folder / "uploads"), self.ports, UploadLimits(), wait_s=0.01
        )
        deps = Deps(
            commands=Commands(self.sender, self.wait_s),
            reading=self.reading,
            uploads=self.uploads,
            adding=Adding(self.ports),
            downloads=Downloads(self.folder / "downloads", self.reading.open, self.reading.last_delete),
            comments=Comments(self.blocks, Codec(), 4),
            rejected=RejectedRows(self.reading.find_rejected, self.reading.fetch),
            readiness=self.readiness,
            tokens=self.tokens,
        )
        self.app = _app(deps)

    def client(
        self, headers: Mapping[str, str] | None = None, raise_errors: bool = True
    ) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=raise_errors)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", headers=headers)
