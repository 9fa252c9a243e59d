"""Live updates as server-sent events, of one campaign or of all."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from services.api.access import Reader
from services.api.deps import ReadingOf
from services.api.models.form import CampaignId
from services.api.watching import Watch

router = APIRouter(prefix="/v1", tags=["watch"])
LastEventId = Annotated[str, Header(description="the last `id` that was seen; then only what is newer comes")]
_STREAM = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/campaigns/{campaign_id}/watch", response_class=Response)
async def watch_campaign(
    campaign_id: CampaignId, reading: ReadingOf, _: Reader, last_event_id: LastEventId = ""
) -> Response:
    """Events `snapshot`, `position`, `counts`, `progress`, `notice` of one campaign."""
    return await _stream(Watch(reading, campaign_id), last_event_id)


@router.get("/watch", response_class=Response)
async def watch_all(reading: ReadingOf, _: Reader, last_event_id: LastEventId = "") -> Response:
    """The same events of every campaign."""
    return await _stream(Watch(reading, None), last_event_id)


async def _stream(watch: Watch, last_event_id: str) -> Response:
    first = await watch.first(last_event_id)
    return StreamingResponse(watch.messages(first), 200, _STREAM, "text/event-stream")
