"""Records from a program into the log: an upload in one request, answered row by row."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from typing import Annotated, Any, Final

from fastapi import Depends, Request

from outdial.campaign.commands import BeginUpload
from outdial.client.requests import Answer, CommandRejected
from outdial.client.upload import Upload
from outdial.files.upload import Header, InvalidRow, UploadChunk, UploadRejected, ValidRow, read_records
from outdial.files.upload.chunks import chunks
from services.api import problems
from services.api.asking import Asked
from services.api.models.records import RecordsRequest
from services.api.problems import Problem, row_texts
from services.api.tokens import Caller
from services.api.uploads.admit import upload_id_of
from services.api.uploads.listed import Refusing
from services.api.uploads.run import UploadPorts

CHUNK_ROWS: Final = 500
REMEMBERED: Final = 100


@dataclass(frozen=True, slots=True)
class AddedRecords:
    """The commit's answer, and per row what became of it; None when only an earlier process could tell."""

    upload_id: str
    answer: Answer
    rows: Sequence[Mapping[str, Any]] | None


class Adding:
    """Adds records; remembers the newest answers, because the log tells what became of a row only once."""

    def __init__(self, ports: UploadPorts) -> None:
        self._ports = ports
        self._told: OrderedDict[str, AddedRecords] = OrderedDict()

    async def add(self, asked: Asked, caller: Caller, body: RecordsRequest) -> AddedRecords:
        """Add the records. Raises Problem, LogUnavailable, OutcomeUnknown; the same key is safe to send again."""
        header, checked = await _checked(asked.campaign, body, self._ports)
        upload_id = upload_id_of(asked.campaign, asked.headers.command_id)
        begun = await asked.answer(_begin(upload_id, body, header), caller)
        if begun.replayed and upload_id in self._told:
            earlier = self._told[upload_id]
            return replace(earlier, answer=replace(earlier.answer, replayed=True))
        upload = Upload(asked.campaign, upload_id, caller.actor, header.extra_columns, header.columns)
        added = await self._send(upload, list(chunks_of(checked)), len(body.records))
        self._told[upload_id] = added
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return added

    async def _send(self, upload: Upload, chunks: Sequence[UploadChunk], read: int) -> AddedRecords:
        session = self._ports.session(upload)
        try:
            sent = [await session.add(chunk) for chunk in chunks]
            answer = await session.commit(read)
            told = [await one for one in sent]
        except CommandRejected as rejection:
            raise problems.of_answer(rejection.answer) from rejection
        finally:
            await session.close()
        if answer.details.get("state") == "rejected":
            raise Problem(answer.details["code"], answer.message, upload_id=upload.upload_id)
        is_known = all("first_record" in one.details for one in told)
        return AddedRecords(upload.upload_id, answer, per_row(chunks, told) if is_known else None)


def _begin(upload_id: str, body: RecordsRequest, header: Header) -> BeginUpload:
    content = body.model_dump_json().encode()
    return BeginUpload(
        upload_id=upload_id,
        file_name="",
        file_sha256=sha256(content).digest(),
        file_size=len(content),
        duplicates=body.duplicates,
        mode=body.mode,
        columns=list(header.extra_columns),
    )


def adding_of(request: Request) -> Adding:
    """The adding side of this app."""
    adding: Adding = request.app.state.adding
    return adding


AddingOf = Annotated[Adding, Depends(adding_of)]


async def _checked(campaign: str, body: RecordsRequest, ports: UploadPorts) -> tuple[Header, UploadChunk]:
    rules = await ports.rules(campaign, "refuse", body.duplicates)
    try:
        header, checked = await asyncio.to_thread(read_records, body.records, rules, time.time_ns() // 1000)
    except UploadRejected as why:
        raise problems.of_file(why) from why
    checked = await Refusing(ports.listed, header, rules.time_zone).refuse(checked)
    if checked.invalid and body.mode == "all-or-nothing":
        raise Problem("rows-invalid", rows=[_refused(row) for row in checked.invalid])
    return header, checked


def chunks_of(checked: UploadChunk) -> Iterator[UploadChunk]:
    """The rows in chunks as the log takes them, in the order of the request."""
    rows: list[ValidRow | InvalidRow] = [*checked.rows, *checked.invalid]
    return chunks(sorted(rows, key=lambda row: row.row), CHUNK_ROWS)


def per_row(chunks: Sequence[UploadChunk], answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Every row in the order of the request: its record, or why it became none."""
    told: list[dict[str, Any]] = []
    for chunk, answer in zip(chunks, answers, strict=True):
        told += [_refused(invalid) for invalid in chunk.invalid]
        told += _taken(chunk, answer.details)
    return sorted(told, key=lambda one: int(one["row"]))


def _taken(chunk: UploadChunk, details: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Records are numbered on in the order of the rows that were new."""
    duplicates = dict(details["duplicates"])
    numbers = count(details["first_record"])
    for row in chunk.rows:
        if code := duplicates.get(row.row):
            yield {"row": row.row, "status": "duplicate", "code": code, "text": row_texts()[code]}
        else:
            yield {"row": row.row, "status": "accepted", "record_id": str(next(numbers))}


def _refused(row: InvalidRow) -> dict[str, Any]:
    status = "duplicate" if row.code.startswith("duplicate-") else "invalid"
    return {"row": row.row, "status": status, "column": row.column, "code": row.code, "text": row.text}
