"""Add Data: a workbook or CSV comes in, waits its turn, and answers for every row."""

import asyncio
import io
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from outdial.campaign.commands import WithdrawUpload
from outdial.files.upload.again import checked_again
from outdial.files.upload.workbooks import write_errors, write_template
from services.api.access import Adder, Deleter, Downloader, Reader
from services.api.asking import AskedOf
from services.api.deps import PagingOf, ReadingOf, RejectedOf, UploadsOf
from services.api.models.answers import ANSWERED
from services.api.models.form import CampaignId
from services.api.ports import Reading
from services.api.problems import Problem
from services.api.uploads.admit import admit
from services.api.uploads.queue import UploadQueue
from services.api.uploads.receipt import receipt

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["uploads"])
WITHDRAW_WAIT_S = 5.0
VIEW_WAIT_S = 2.0
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": ".xlsx, .xlsm or .csv"},
                        "duplicates": {"type": "string", "enum": ["skip", "allow"], "default": "skip"},
                        "mode": {
                            "type": "string",
                            "enum": ["accept-valid", "all-or-nothing"],
                            "default": "accept-valid",
                        },
                        "new_columns": {"type": "string", "enum": ["refuse", "add"], "default": "refuse"},
                    },
                }
            }
        },
    }
}


@router.post("/uploads", status_code=202, openapi_extra=_FORM)
async def upload(
    request: Request, asked: AskedOf, caller: Adder, uploads: UploadsOf, _: ReadingOf
) -> Response:
    """Take a file in. It is checked and added behind the answer; Location says how far it is."""
    admission = await admit(request, asked, caller, uploads)
    headers = {
        "Location": f"/v1/campaigns/{asked.campaign}/uploads/{admission.job.upload_id}",
        "Outdial-Command-Id": asked.headers.command_id,
    }
    if admission.is_replayed:
        headers["Outdial-Replayed"] = "true"
    return JSONResponse(receipt(admission.job, None), 202, headers)


@router.get("/uploads")
async def list_uploads(
    campaign_id: CampaignId, reading: ReadingOf, uploads: UploadsOf, paging: PagingOf, _: Reader
) -> Any:
    """The uploads of the campaign, newest first."""
    page = dict(await reading.uploads(campaign_id, paging))
    jobs = {job.upload_id: job for job in uploads.of(campaign_id)}
    seen = {view["upload_id"] for view in page["items"]}
    waiting = [receipt(job, None) for key, job in jobs.items() if key not in seen and paging.cursor is None]
    page["items"] = waiting + [receipt(jobs.get(view["upload_id"]), view) for view in page["items"]]
    return page


@router.get("/uploads/{upload_id}")
async def show_upload(
    campaign_id: CampaignId, upload_id: str, reading: ReadingOf, uploads: UploadsOf, _: Reader
) -> Any:
    """The receipt: state, counts, the first row errors."""
    return await _receipt(campaign_id, upload_id, reading, uploads)


@router.get("/uploads/{upload_id}/errors.xlsx", response_class=Response)
async def upload_errors(
    campaign_id: CampaignId,
    upload_id: str,
    reading: ReadingOf,
    uploads: UploadsOf,
    rejected: RejectedOf,
    _: Downloader,
) -> Response:
    """The rejected rows as a workbook, to correct and send again."""
    await _receipt(campaign_id, upload_id, reading, uploads)
    job = uploads.get(campaign_id, upload_id)
    found = await rejected.read(campaign_id, upload_id, job.columns if job else ())
    rules = await uploads.ports.rules(campaign_id, "add", "skip")
    told = checked_again(found.header, found.rows, rules, time.time_ns() // 1000)
    content = await asyncio.to_thread(workbook, write_errors, found.header, told, found.note)
    return _workbook(content, f"{campaign_id}-errors.xlsx")


@router.delete("/uploads/{upload_id}", responses=ANSWERED)
async def withdraw(
    upload_id: str, asked: AskedOf, caller: Deleter, reading: ReadingOf, uploads: UploadsOf
) -> Response:
    """Withdraw an upload: one that waits or is read ends; the records of a committed one are deleted."""
    job = uploads.get(asked.campaign, upload_id)
    if job is not None and not job.is_over:
        job = await uploads.withdraw(job, WITHDRAW_WAIT_S)
        if job.state != "committed":
            return JSONResponse(receipt(job, None), 200 if job.is_over else 202)
    return await asked.carry_out(WithdrawUpload(upload_id), caller)


@router.get("/upload-template.xlsx", response_class=Response)
async def upload_template(campaign_id: CampaignId, uploads: UploadsOf, _: Reader, __: ReadingOf) -> Response:
    """An empty workbook with the campaign's columns."""
    rules = await uploads.ports.rules(campaign_id, "refuse", "skip")
    return _workbook(await asyncio.to_thread(workbook, write_template, rules), f"{campaign_id}-template.xlsx")


async def _receipt(campaign: str, upload_id: str, reading: Reading, uploads: UploadQueue) -> dict[str, Any]:
    job = uploads.get(campaign, upload_id)
    if job is not None and job.log_position:  # who reads that it is over may read its rows
        await reading.reached(job.log_position, VIEW_WAIT_S)
    view = await reading.upload(campaign, upload_id)
    if job is None and view is None:
        raise Problem("upload-unknown", upload_id=upload_id)
    return receipt(job, view)


def _workbook(content: bytes, name: str) -> Response:
    return Response(content, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, XLSX)


def workbook(write: Callable[..., object], *what: object) -> bytes:
    """The bytes of a workbook that a writer makes."""
    buffer = io.BytesIO()
    write(buffer, *what)
    return buffer.getvalue()
