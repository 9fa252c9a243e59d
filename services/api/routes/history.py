"""What happened: the events of a campaign, and the answers of commands."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime

from services.api.access import Reader
from services.api.commanding import command_url
from services.api.deps import CommandsOf, ReadingOf
from services.api.models.form import CampaignId
from services.api.models.records import instant_us
from services.api.ports import HistoryQuery
from services.api.problems import Problem

router = APIRouter(prefix="/v1", tags=["history"])


@router.get("/campaigns/{campaign_id}/history")
async def history(  # noqa: PLR0913, PLR0917 - one parameter per field of the contract
    campaign_id: CampaignId,
    reading: ReadingOf,
    _: Reader,
    types: Annotated[list[str] | None, Query(alias="type", description="names of events")] = None,
    actor: Annotated[str | None, Query()] = None,
    begin: Annotated[AwareDatetime | None, Query(alias="from", description="RFC 3339, included")] = None,
    end: Annotated[AwareDatetime | None, Query(alias="to", description="RFC 3339, excluded")] = None,
    after: Annotated[int, Query(ge=0, description="a sequence; the events behind it")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[int | None, Query(ge=0)] = None,
) -> Any:
    """The events of a campaign, oldest first, decoded."""
    query = HistoryQuery(
        types=tuple(types or ()),
        actor=actor,
        from_us=instant_us(begin) or None,
        to_us=instant_us(end) or None,
        after=max(after, cursor or 0),
        limit=limit,
    )
    return await reading.history(campaign_id, query)


@router.get("/commands/{command_id:path}")
async def command(
    command_id: str,
    reading: ReadingOf,
    commands: CommandsOf,
    _: Reader,
    campaign: Annotated[str | None, Query(description="ids are scoped to their campaign")] = None,
) -> Response:
    """The answer that a command got, for a caller whose connection broke; 202 while it is on its way."""
    streams = commands.in_flight.streams(command_id)
    if campaign in streams or (campaign is None and streams):
        body = {"command_id": command_id, "campaign": campaign or streams[0], "state": "running"}
        headers = {"Location": command_url(command_id, campaign or streams[0]), "Retry-After": "1"}
        return JSONResponse(body, 202, headers)
    found = await reading.command(command_id, campaign)
    if found is None:
        raise Problem("command-unknown", command_id=command_id)
    return JSONResponse(dict(found))
