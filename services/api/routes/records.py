"""The records of a campaign: list, facets, one, why (not) called; an agent's disposition of an attempt."""

from typing import Any

from fastapi import APIRouter, Response

from outdial.campaign.commands import RecordDisposition
from services.api.access import Adder, Reader
from services.api.asking import AskedOf
from services.api.comments import CommentsOf
from services.api.deps import PagingOf, ReadingOf, read_filters
from services.api.filters import QueryFilters
from services.api.models.answers import ANSWERED
from services.api.models.form import CampaignId
from services.api.models.records import DispositionRequest, instant_us
from services.api.problems import Problem

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["records"])


@router.get("/records")
async def records(
    campaign_id: CampaignId, reading: ReadingOf, filters: QueryFilters, paging: PagingOf, _: Reader
) -> Any:
    """The records that match, in the order of their numbers."""
    chosen = await read_filters(reading, campaign_id, filters, "created")
    return await reading.records(campaign_id, chosen, paging)


@router.get("/records/facets")
async def facets(campaign_id: CampaignId, reading: ReadingOf, filters: QueryFilters, _: Reader) -> Any:
    """How many records have each value of each field."""
    chosen = await read_filters(reading, campaign_id, filters, "created")
    return await reading.facets(campaign_id, chosen)


@router.get("/records/{record_id}")
async def record(campaign_id: CampaignId, record_id: str, reading: ReadingOf, _: Reader) -> Any:
    """One record with its attempts and history."""
    return await reading.record(campaign_id, record_number(record_id))


@router.get("/records/{record_id}/why")
async def why_record(campaign_id: CampaignId, record_id: str, reading: ReadingOf, _: Reader) -> Any:
    """Why the record was, or was not, called."""
    return await reading.why_record(campaign_id, record_number(record_id))


@router.get("/why")
async def why(campaign_id: CampaignId, reading: ReadingOf, _: Reader) -> Any:
    """Why records of the campaign are not being called, as counts."""
    return await reading.why(campaign_id)


@router.post("/attempts/{attempt_id}/disposition", responses=ANSWERED)
async def disposition(
    attempt_id: str, body: DispositionRequest, asked: AskedOf, caller: Adder, comments: CommentsOf
) -> Response:
    """Record what an agent made of an answered call; a later one corrects it, both stay."""
    record_id, attempt = attempt_numbers(asked.campaign, attempt_id)
    block_id, block_offset = await comments.write(asked.campaign, asked.headers.command_id, body.comment)
    command = RecordDisposition(
        record=record_id,
        attempt=attempt,
        disposition=body.disposition,
        agent=body.agent,
        callback_us=instant_us(body.callback_at),
        comment_block_id=block_id,
        comment_block_offset=block_offset,
    )
    return await asked.carry_out(command, caller)


def record_number(record_id: str) -> int:
    """The number of a record. Raises `record-unknown` for what is no number."""
    if not (record_id.isascii() and record_id.isdecimal() and len(record_id) <= 10):
        raise Problem("record-unknown", record_id=record_id)
    return int(record_id)


def attempt_numbers(campaign: str, attempt_id: str) -> tuple[int, int]:
    """Record and attempt of an id `campaign.record.n`. Raises `attempt-unknown`."""
    parts = attempt_id.split(".")
    if len(parts) != 3 or parts[0] != campaign or not all(p.isascii() and p.isdecimal() for p in parts[1:]):
        raise Problem("attempt-unknown", attempt_id=attempt_id)
    return int(parts[1]), int(parts[2])
