"""Whether a file may come in: the campaign must take data now, and the file must be readable."""

import asyncio
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from outdial.files.upload import Header, UploadLimits, UploadRejected, UploadRules, read_upload
from services.api.asking import Asked
from services.api.models.form import RequestForm
from services.api.models.records import Duplicates, Mode, NewColumns
from services.api.problems import Problem, of_file
from services.api.tokens import Caller
from services.api.uploads.intake import Incoming, take_in
from services.api.uploads.job import UploadJob
from services.api.uploads.queue import UploadQueue
from services.api.uploads.run import begin_command

HEADER_WAIT_S = 3.0
"""How long the caller waits for the first look at a file; a bigger one is looked at behind the answer."""


class UploadChoices(RequestForm):
    """The plain fields of an upload's form."""

    duplicates: Duplicates = "skip"
    mode: Mode = "accept-valid"
    new_columns: NewColumns = "refuse"


@dataclass(frozen=True, slots=True)
class Admission:
    """The job of a file that came in. `is_replayed`: it came in before, under the same key."""

    job: UploadJob
    is_replayed: bool = False


async def admit(request: Request, asked: Asked, caller: Caller, uploads: UploadQueue) -> Admission:
    """Take the file of a request in. Raises Problem for a request, position or file that does not do."""
    if uploads.is_full:
        raise Problem("too-many-requests", "Too many uploads wait; send this one later.")
    path = uploads.store.incoming()
    try:
        content_type = request.headers.get("content-type", "")
        incoming = await take_in(content_type, request.stream(), path, uploads.limits.file_bytes)
        job = _job(incoming, asked, caller)
        if earlier := uploads.get(asked.campaign, job.upload_id):
            return _replayed(earlier, job)
        await _ask(asked, caller, job)
        await _look(path, await uploads.rules(job), job, uploads.limits)
        await asyncio.to_thread(uploads.store.adopt, path, job)
        uploads.add(job)
        return Admission(job)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def upload_id_of(campaign: str, command_id: str) -> str:
    """The same key of the same campaign is the same upload."""
    return f"u-{sha256(f'{campaign} {command_id}'.encode()).hexdigest()[:20]}"


def _job(incoming: Incoming, asked: Asked, caller: Caller) -> UploadJob:
    if not incoming.has_file:
        errors = [{"pointer": "#/file", "code": "missing", "detail": "Send the file in the field `file`."}]
        raise Problem("request-invalid", "The form has no field `file`.", errors=errors)
    try:
        choices = UploadChoices.model_validate(incoming.fields)
    except ValidationError as error:
        faults: list[dict[str, Any]] = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(faults) from error
    return UploadJob(
        campaign=asked.campaign,
        upload_id=upload_id_of(asked.campaign, asked.headers.command_id),
        command_id=asked.headers.command_id,
        actor=caller.actor,
        file_name=incoming.file_name,
        sha256=incoming.sha256,
        size=incoming.size,
        created_us=time.time_ns() // 1000,
        **choices.model_dump(),
    )


def _replayed(earlier: UploadJob, job: UploadJob) -> Admission:
    same = ("sha256", "duplicates", "mode", "new_columns")
    if any(getattr(earlier, name) != getattr(job, name) for name in same):
        raise Problem("idempotency-key-reused", command_id=job.command_id)
    return Admission(earlier, is_replayed=True)


async def _ask(asked: Asked, caller: Caller, job: UploadJob) -> None:
    """Ask the log, appending nothing, whether the campaign takes data. Behind an open upload it queues."""
    try:
        await asked.probe(begin_command(job, Header(())), caller)
    except Problem as problem:
        if problem.code != "upload-in-progress":
            raise


async def _look(path: Path, rules: UploadRules, job: UploadJob, limits: UploadLimits) -> None:
    """Read as far as the header. Raises Problem with a file code; says nothing when it takes too long."""
    look = asyncio.create_task(asyncio.to_thread(_header, path, rules, job.created_us, limits))
    done, _ = await asyncio.wait({look}, timeout=HEADER_WAIT_S)
    look.add_done_callback(_heed)
    if done and isinstance(why := look.exception(), UploadRejected):
        raise of_file(why)


def _heed(look: "asyncio.Task[None]") -> None:
    """The file is read again behind the answer, where the same fault is found and told."""
    if not look.cancelled():
        look.exception()


def _header(path: Path, rules: UploadRules, now_us: int, limits: UploadLimits) -> None:
    with read_upload(path, rules, now_us, limits):
        return
