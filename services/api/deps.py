"""What a route can ask for: the parts of this app, as dependencies."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request

from services.api.commanding import Commands
from services.api.filters import FindPhones, filters_of
from services.api.models.form import CampaignId
from services.api.ports import Paging, Reading
from services.api.problems import Problem
from services.api.rejected import RejectedRows
from services.api.uploads.queue import UploadQueue

WAIT_FOR_VIEW_S = 5.0
WAIT_FOR_OWN_S = 1.0
"""How long a plain read waits for what its own process wrote; then it shows what there is."""


def commands_of(request: Request) -> Commands:
    """The command side of this app."""
    commands: Commands = request.app.state.commands
    return commands


def uploads_of(request: Request) -> UploadQueue:
    """The uploads of this process."""
    uploads: UploadQueue = request.app.state.uploads
    return uploads


MinLogPosition = Annotated[
    str | None, Header(description="wait until the view shows this log position, else 503 view-behind")
]


async def reading_of(request: Request, outdial_min_log_position: MinLogPosition = None) -> Reading:
    """The read side, once it shows what the caller has seen, and what was just written through this process."""
    reading: Reading = request.app.state.reading
    if outdial_min_log_position:
        await _shown(reading, outdial_min_log_position)
    elif own := _own(request):
        await reading.reached(own, WAIT_FOR_OWN_S if request.method == "GET" else WAIT_FOR_VIEW_S)
    return reading


async def phones_of(
    request: Request, campaign_id: CampaignId, outdial_min_log_position: MinLogPosition = None
) -> FindPhones:
    """What finds the records of phone numbers for a command. Only then is a view asked, and waited for.

    Raises `view-behind`: records that it does not show yet would be left out of the command.
    """
    reading: Reading = request.app.state.reading
    if outdial_min_log_position:
        await _shown(reading, outdial_min_log_position)

    async def find(phones: Sequence[str | None]) -> Sequence[int]:
        if own := _own(request):
            await _shown(reading, own)
        return await reading.record_ids(campaign_id, phones)

    return find


def _own(request: Request) -> str | None:
    """What this process wrote last for the campaign of the path."""
    return commands_of(request).recent.position(request.path_params.get("campaign_id", ""))


async def _shown(reading: Reading, position: str) -> None:
    if not await reading.reached(position, WAIT_FOR_VIEW_S):
        raise Problem("view-behind", log_position=position)


def paging(
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Paging:
    """Which part of a list."""
    return Paging(limit, cursor)


def rejected_of(request: Request) -> RejectedRows:
    """Where rejected rows are read."""
    rejected: RejectedRows = request.app.state.rejected
    return rejected


RejectedOf = Annotated[RejectedRows, Depends(rejected_of)]
CommandsOf = Annotated[Commands, Depends(commands_of)]
ReadingOf = Annotated[Reading, Depends(reading_of)]
PhonesOf = Annotated[FindPhones, Depends(phones_of)]
UploadsOf = Annotated[UploadQueue, Depends(uploads_of)]
PagingOf = Annotated[Paging, Depends(paging)]


async def read_filters(reading: Reading, campaign: str, raw: Any, default_date_field: str) -> Any:
    """The filters of a request, phone numbers resolved in the view of the campaign."""

    async def find(phones: Any) -> Any:
        return await reading.record_ids(campaign, phones)

    return await filters_of(raw, default_date_field, find)
