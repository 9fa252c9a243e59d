"""What a route can ask for: the parts of this app, as dependencies."""

from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request

from services.api.commanding import Commands
from services.api.filters import filters_of
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


async def reading_of(
    request: Request,
    outdial_min_log_position: Annotated[
        str | None, Header(description="wait until the view shows this log position, else 503 view-behind")
    ] = None,
) -> Reading:
    """The read side, once it shows what the caller has seen, and what was just written through this process."""
    reading: Reading = request.app.state.reading
    if outdial_min_log_position:
        if not await reading.reached(outdial_min_log_position, WAIT_FOR_VIEW_S):
            raise Problem("view-behind", log_position=outdial_min_log_position)
        return reading
    own = commands_of(request).recent.position(request.path_params.get("campaign_id", ""))
    if own is not None:
        await reading.reached(own, WAIT_FOR_OWN_S if request.method == "GET" else WAIT_FOR_VIEW_S)
    return reading


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
UploadsOf = Annotated[UploadQueue, Depends(uploads_of)]
PagingOf = Annotated[Paging, Depends(paging)]


async def read_filters(reading: Reading, campaign: str, raw: Any, default_date_field: str) -> Any:
    """The filters of a request, phone numbers resolved in the view of the campaign."""

    async def find(phones: Any) -> Any:
        return await reading.record_ids(campaign, phones)

    return await filters_of(raw, default_date_field, find)
