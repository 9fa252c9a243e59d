"""What the routes of do-not-call lists ask for, as dependencies."""

from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import StringConstraints

from outdial.donotcall.lists import stream_of
from services.api.deps import WAIT_FOR_OWN_S, WAIT_FOR_VIEW_S, commands_of
from services.api.listing.filling import Fillings
from services.api.listing.views import ListViews
from services.api.ports import Reading
from services.api.problems import Problem

ListId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]


def fillings_of(request: Request) -> Fillings:
    """The way of numbers into this app."""
    fillings: Fillings = request.app.state.fillings
    return fillings


async def views_of(
    request: Request,
    outdial_min_log_position: Annotated[
        str | None, Header(description="wait until the view shows this log position, else 503 view-behind")
    ] = None,
) -> ListViews:
    """The lists, once they show what the caller has seen, and what was just written through this process."""
    reading: Reading = request.app.state.reading
    views: ListViews = request.app.state.list_views
    if outdial_min_log_position:
        if not await reading.reached(outdial_min_log_position, WAIT_FOR_VIEW_S):
            raise Problem("view-behind", log_position=outdial_min_log_position)
        return views
    own = commands_of(request).recent.position(stream_of(request.path_params.get("list_id", "")))
    if own is not None:
        await reading.reached(own, WAIT_FOR_OWN_S if request.method == "GET" else WAIT_FOR_VIEW_S)
    return views


FillingsOf = Annotated[Fillings, Depends(fillings_of)]
ListViewsOf = Annotated[ListViews, Depends(views_of)]
