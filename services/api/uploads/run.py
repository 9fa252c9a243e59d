"""Carries one file into the log: read in a child process, begun, sent chunk by chunk, committed or rejected.

Safe to run again after a crash at any point: every message has an id of its own or is the same as before.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol, TypeVar

from outdial.campaign.commands import BeginUpload
from outdial.client.requests import Answer, CommandRejected
from outdial.client.upload import MAX_UNANSWERED, Upload
from outdial.files.upload import (
    Header,
    UploadChunk,
    UploadLimits,
    UploadReading,
    UploadRejected,
    UploadRules,
    read_upload,
)
from services.api.uploads.job import UploadJob
from services.api.uploads.listed import Refusing
from services.api.uploads.store import UploadStore

T = TypeVar("T")
WITHDRAWN = "withdrawn"
NO_HEADER = Header(())
LAST_READ_S = 120.0
log = logging.getLogger(__name__)


class Session(Protocol):
    """An open upload in the log (outdial.client.upload.UploadSession). Each method raises CommandRejected."""

    chunks: int

    async def add(self, chunk: UploadChunk) -> Awaitable[Answer]: ...
    async def add_all(self, chunks: Sequence[UploadChunk]) -> Sequence[Awaitable[Answer]]: ...
    async def commit(self, read: int) -> Answer: ...
    async def reject(self, code: str, column: str = "") -> Answer: ...
    async def close(self) -> None: ...


class UploadPorts(Protocol):
    """What a run needs of the other rooms."""

    async def rules(self, campaign: str, new_columns: str, duplicates: str) -> UploadRules:
        """What the campaign says about its records. Raises Problem `campaign-unknown`."""
        ...

    async def listed(self, phones: Sequence[str]) -> Collection[str]:
        """Those of the numbers that are on a do-not-call list now. Raises Problem `database-unavailable`."""
        ...

    async def accepted_chunks(self, campaign: str, upload_id: str) -> int:
        """How many chunks of an upload are known to be in the log; a lower bound is enough."""
        ...

    async def is_free(self, job: UploadJob, command: BeginUpload) -> bool:
        """Whether no other upload of the campaign is open."""
        ...

    async def begin(self, job: UploadJob, command: BeginUpload) -> Answer:
        """Open the upload under `job.begin_id`. Raises CommandRejected, LogUnavailable, OutcomeUnknown."""
        ...

    def session(self, upload: Upload) -> Session:
        """The session that carries its chunks."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """What a run works with. `changed` is told every new state; `is_unwanted` says it was withdrawn."""

    store: UploadStore
    ports: UploadPorts
    limits: UploadLimits
    changed: Callable[[UploadJob], None]
    is_unwanted: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Sending:
    """One file on its way: where its rows come from, where they go, and whom they must not name."""

    reading: UploadReading
    session: Session
    refusing: Refusing


class NotYet(Exception):
    """Another upload of the campaign is open; `job` waits for its turn, and asks under another id then."""

    def __init__(self, job: UploadJob) -> None:
        super().__init__(f"upload {job.upload_id} waits for another one")
        self.job = job


class _Withdrawn(Exception):
    """Somebody withdrew the upload while it was being read."""


async def carry(run: Run, job: UploadJob) -> UploadJob:
    """Bring the job to its end. Raises NotYet, LogUnavailable, OutcomeUnknown: run it again later.

    So too Problem `database-unavailable`; one of another code is its end.
    """
    if job.chunks is not None:
        return await _commit(run, job, run.ports.session(_upload(job)))
    rules = await run.ports.rules(job.campaign, job.new_columns, job.duplicates)
    try:
        reading = await _opened(run, job, rules)
    except UploadRejected as why:
        return await _refuse(run, job, why)
    session = run.ports.session(_upload(job, reading.header))
    try:
        refusing = Refusing(run.ports.listed, reading.header, rules.time_zone)
        return await _send(run, job, Sending(reading, session, refusing))
    finally:
        await session.close()
        await asyncio.to_thread(reading.close)


async def _opened(run: Run, job: UploadJob, rules: UploadRules) -> UploadReading:
    opening = asyncio.create_task(
        asyncio.to_thread(read_upload, run.store.file(job), rules, job.created_us, run.limits)
    )
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:  # the child that is being started must not outlive us
        await asyncio.wait({opening}, timeout=run.limits.stall_s)
        if opening.done() and not opening.exception():
            opening.result().close()
        raise


async def _to_the_end(call: Callable[..., T], *what: Any) -> T:
    """Run a call in a thread; when cancelled, wait for its end first: two threads may not use one reading."""
    task = asyncio.create_task(asyncio.to_thread(call, *what))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=LAST_READ_S)
        raise


async def _send(run: Run, job: UploadJob, sending: Sending) -> UploadJob:
    session = sending.session
    try:
        job = await _begin(run, job, sending.reading.header)
        job = await _chunks(run, job, sending)
    except UploadRejected as why:
        return await _refuse(run, job, why)
    except _Withdrawn:
        await give_up(run, job, WITHDRAWN)
        return replace(job, state="withdrawn")
    except CommandRejected as rejection:
        return _rejected(job, rejection.answer)
    job = _keep(run, replace(job, chunks=session.chunks, read=sending.reading.summary.read))
    return await _commit(run, job, session)


async def _begin(run: Run, job: UploadJob, header: Header) -> UploadJob:
    command = begin_command(job, header)
    if not job.begun and not await run.ports.is_free(job, command):
        raise NotYet(job)
    if not job.begun:
        job = _keep(run, replace(job, begun=True))
    try:
        await run.ports.begin(job, command)
    except CommandRejected as rejection:
        if (
            rejection.answer.code == "upload-in-progress"
        ):  # its answer is remembered: the next try is another command
            raise NotYet(replace(job, begun=False, begins=job.begins + 1)) from rejection
        raise
    job = replace(
        job,
        state="checking",
        columns=header.columns,
        ignored_columns=header.ignored_columns,
        other_sheets=header.other_sheets,
    )
    run.changed(job)
    return job


def begin_command(job: UploadJob, header: Header) -> BeginUpload:
    """What opens the upload in the log."""
    return BeginUpload(
        upload_id=job.upload_id,
        file_name=job.file_name,
        file_sha256=bytes.fromhex(job.sha256),
        file_size=job.size,
        duplicates=job.duplicates,
        mode=job.mode,
        columns=list(header.extra_columns),
        new_columns=list(header.added_columns),
    )


async def _chunks(run: Run, job: UploadJob, sending: Sending) -> UploadJob:
    session = sending.session
    chunks: Iterator[UploadChunk] = iter(sending.reading)
    if job.resumed:
        done = await run.ports.accepted_chunks(job.campaign, job.upload_id)
        skipped = await _to_the_end(lambda: list(islice(chunks, done)))
        session.chunks = len(skipped)
        job = replace(job, rows_done=sum(map(_rows, skipped)))
    while True:
        some = await _to_the_end(lambda: list(islice(chunks, MAX_UNANSWERED)))
        if run.is_unwanted(job.upload_id):
            raise _Withdrawn
        if not some:
            return job
        await session.add_all(await sending.refusing.refuse_all(some))
        job = replace(job, rows_done=job.rows_done + sum(map(_rows, some)))
        run.changed(job)


async def _commit(run: Run, job: UploadJob, session: Session) -> UploadJob:
    session.chunks = job.chunks or 0
    try:
        answer = await session.commit(job.read)
    except CommandRejected as rejection:
        return _rejected(job, rejection.answer)
    told = answer.details
    if told.get("state") == "rejected":  # all-or-nothing, and a row was invalid
        return replace(
            job,
            state="rejected",
            code=told["code"],
            ended_us=answer.decided_us,
            log_position=answer.log_position,
        )
    counts: dict[str, Any] = {name: told[name] for name in ("accepted", "duplicate", "invalid")}
    return replace(
        job, state="committed", ended_us=answer.decided_us, log_position=answer.log_position, **counts
    )


async def _refuse(run: Run, job: UploadJob, why: UploadRejected) -> UploadJob:
    """The file is refused as a whole; when the log knows of it, the log is told so."""
    fields: dict[str, Any] = dict(why.fields)
    columns = fields.get("columns")
    column = str(columns[0]) if isinstance(columns, list) and columns else ""
    await give_up(run, job, why.code, column)
    return replace(job, state="rejected", code=why.code, column=column, text=why.detail, fields=fields)


async def give_up(run: Run, job: UploadJob, code: str, column: str = "") -> None:
    """Close the upload in the log if it was opened there, so that nothing of it stays."""
    if not job.begun:
        return
    try:
        await run.ports.session(_upload(job)).reject(code, column)
    except CommandRejected as rejection:  # it is closed already, or was never opened
        log.info("nothing to reject", extra={"upload": job.upload_id, "code": rejection.answer.code})


def _rejected(job: UploadJob, answer: Answer) -> UploadJob:
    details: dict[str, Any] = dict(answer.details)
    if answer.code == "upload-closed" and details.get("state") in ("committed", "withdrawn"):
        return replace(job, state=details["state"])  # an earlier process had brought it to its end
    return replace(job, state="rejected", code=answer.code, text=answer.message, fields=details)


def _keep(run: Run, job: UploadJob) -> UploadJob:
    """Put a step on disk before it is taken, so that a restart knows of it."""
    run.store.save(job)
    run.changed(job)
    return job


def _upload(job: UploadJob, header: Header = NO_HEADER) -> Upload:
    return Upload(job.campaign, job.upload_id, job.actor, header.extra_columns, header.columns)


def _rows(chunk: UploadChunk) -> int:
    return len(chunk.rows) + len(chunk.invalid)
