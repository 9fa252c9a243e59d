"""Add Data from a program: up to 1,000 records in one request, answered per row."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from outdial.client.requests import OutcomeUnknown
from services.api.access import Adder
from services.api.adding import AddingOf
from services.api.asking import AskedOf
from services.api.commanding import accepted, answer_headers, unknown_yet
from services.api.deps import ReadingOf
from services.api.models.answers import ANSWERED
from services.api.models.records import RecordsRequest

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["records"])


@router.post("/records", responses=ANSWERED)
async def add(
    body: RecordsRequest, asked: AskedOf, caller: Adder, adding: AddingOf, _: ReadingOf
) -> Response:
    """Add records; `rows` says of each what became of it."""
    try:
        added = await adding.add(asked, caller, body)
    except OutcomeUnknown:
        return unknown_yet(asked.headers.command_id, asked.campaign)
    told = {**accepted(added.answer), "upload_id": added.upload_id, "rows": added.rows}
    told["command_id"] = asked.headers.command_id
    headers = answer_headers(added.answer) | {"Outdial-Command-Id": asked.headers.command_id}
    return JSONResponse(told, 200, headers)
