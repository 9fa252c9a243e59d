"""Download the records: at once as a stream, or as a job whose file is fetched when it is whole."""

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from outdial.files.download import FORMATS
from services.api.access import Downloader
from services.api.deps import ReadingOf, read_filters
from services.api.downloads import Downloads, streamed
from services.api.filters import QueryFilters
from services.api.models.form import CampaignId
from services.api.ports import DownloadFile, DownloadOrder
from services.api.problems import Problem

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["download"])


async def order_of(
    campaign_id: CampaignId,
    reading: ReadingOf,
    filters: QueryFilters,
    file_format: Annotated[str, Query(alias="format", description="csv, xlsx (or excel), xml, pdf")],
    bom: Annotated[bool, Query(description="begin CSV with a byte order mark, for Excel")] = False,
    exact: Annotated[bool, Query(description="leave cells that a spreadsheet would run as they are")] = False,
) -> DownloadOrder:
    """What a request wants to download. Raises `format-unknown`, `filter-invalid`."""
    if file_format not in FORMATS:
        raise Problem("format-unknown", format=file_format, known=list(FORMATS))
    chosen = await read_filters(reading, campaign_id, filters, "created")
    return DownloadOrder(campaign_id, chosen, shown(filters), file_format, bom, exact)


OrderOf = Annotated[DownloadOrder, Depends(order_of)]


def downloads_of(request: Request) -> Downloads:
    """The download jobs of this process."""
    downloads: Downloads = request.app.state.downloads
    return downloads


DownloadsOf = Annotated[Downloads, Depends(downloads_of)]


@router.get("/download", response_class=Response)
async def download(order: OrderOf, downloads: DownloadsOf, _: Downloader) -> Response:
    """Stream the records that match, from one moment. A failure midway breaks the connection."""
    file = await downloads.open(order)
    return StreamingResponse(streamed(file.blocks), 200, _headers(file), file.media_type)


@router.post("/downloads", status_code=202)
async def start_download(order: OrderOf, downloads: DownloadsOf, caller: Downloader) -> Response:
    """Make the file behind the answer; Location says how far it is."""
    job = await downloads.start(order, caller.actor)
    return JSONResponse(job.shown(), 202, {"Location": job.url})


@router.get("/downloads/{download_id}")
async def show_download(
    campaign_id: CampaignId, download_id: str, downloads: DownloadsOf, _: Downloader
) -> Any:
    """How far a download is; when it is whole, its manifest."""
    return downloads.get(campaign_id, download_id).shown()


@router.get("/downloads/{download_id}/file", response_class=Response)
async def download_file(
    campaign_id: CampaignId, download_id: str, downloads: DownloadsOf, _: Downloader
) -> Response:
    """The file of a download that is whole."""
    job = downloads.get(campaign_id, download_id)
    if job.state != "done":
        raise Problem("download-unknown", "The file is not whole yet.", state=job.state)
    headers = {"Outdial-Log-Position": job.log_position, "Content-Disposition": attachment(job.file_name)}
    return FileResponse(job.path, media_type=job.media_type, headers=headers)


def attachment(name: str) -> str:
    """A Content-Disposition that no name can break out of (RFC 6266)."""
    plain = "".join(char if (char.isalnum() and char.isascii()) or char in "-._" else "-" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def shown(filters: Any) -> str:
    """The filters of a request as the files and manifests say them."""
    return json.dumps(filters, ensure_ascii=False, sort_keys=True)


def _headers(file: DownloadFile) -> dict[str, str]:
    return {
        "Content-Disposition": attachment(file.file_name),
        "Outdial-Log-Position": file.log_position,
        "Outdial-Rows": str(file.rows),
        "X-Accel-Buffering": "no",
    }
