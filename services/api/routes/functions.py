"""The functions of a campaign: start, stop, force complete, reset, delete records, undo."""

from fastapi import APIRouter, Response
from pydantic import Field, StrictInt

from outdial.campaign.commands import (
    DeleteRecords,
    ForceComplete,
    ResetCampaign,
    StartCampaign,
    StopCampaign,
    UndoCommand,
)
from services.api.access import Commander, Deleter
from services.api.asking import AskedOf, DryRun
from services.api.deps import PhonesOf
from services.api.filters import RecordFilters, filters_of
from services.api.models.answers import ANSWERED, PREVIEWED
from services.api.models.form import RequestForm

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["functions"])


class ResetRequest(RequestForm):
    """Which records to make dialable again."""

    filters: RecordFilters = None
    selection: str | None = Field(
        None, max_length=100, description="what the dry run gave: exactly these records"
    )


class DeleteRequest(RequestForm):
    """Which records to delete for good, confirmed by what the dry run gave."""

    filters: RecordFilters = None
    confirm: StrictInt | str | None = Field(None, description="`affected` or `selection` of the dry run")


class UndoRequest(RequestForm):
    """Which command to undo."""

    command_id: str = Field(min_length=1, max_length=200)


@router.post("/start", responses=ANSWERED)
async def start(asked: AskedOf, caller: Commander) -> Response:
    """Start dialling, or resume it."""
    return await asked.carry_out(StartCampaign(), caller)


@router.post("/stop", responses=ANSWERED)
async def stop(asked: AskedOf, caller: Commander) -> Response:
    """Stop dialling; calls that are up finish."""
    return await asked.carry_out(StopCampaign(), caller)


@router.post("/force-complete", responses=ANSWERED)
async def force_complete(asked: AskedOf, caller: Commander, dry_run: DryRun = False) -> Response:
    """Mark what is still active as Complete, and the campaign Completed."""
    return await asked.carry_out(ForceComplete(), caller, dry_run=dry_run)


@router.post("/reset", responses=PREVIEWED)
async def reset(
    body: ResetRequest, asked: AskedOf, caller: Commander, phones: PhonesOf, dry_run: DryRun = False
) -> Response:
    """Make the matching records dialable again in a new pass."""
    filters = await filters_of(body.filters, "last_attempt", phones)
    return await asked.carry_out(ResetCampaign(filters, body.selection), caller, dry_run=dry_run)


@router.post("/delete-records", responses=PREVIEWED)
async def delete_records(
    body: DeleteRequest, asked: AskedOf, caller: Deleter, phones: PhonesOf, dry_run: DryRun = False
) -> Response:
    """Delete the matching records for good; the dry run gives what confirms it."""
    filters = await filters_of(body.filters, "last_attempt", phones)
    count = body.confirm if isinstance(body.confirm, int) else None
    selection = body.confirm if isinstance(body.confirm, str) else None
    return await asked.carry_out(DeleteRecords(filters, count, selection), caller, dry_run=dry_run)


@router.post("/undo", responses=ANSWERED)
async def undo(body: UndoRequest, asked: AskedOf, caller: Deleter) -> Response:
    """Undo the last Reset or Force Complete, or a Delete within its grace."""
    return await asked.carry_out(UndoCommand(body.command_id), caller)
