"""What the deployment says about itself: position table, words of records, problems, documents."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from outdial.campaign.positions import POSITION_TABLE, Position
from outdial.messages import schemas
from services.api import allowance
from services.api.access import Reader
from services.api.documents import problem_page, reference
from services.api.problems import Problem, catalogue, row_texts, sentence

router = APIRouter()
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
}


@router.get("/v1/position-table", tags=["lists"])
async def position_table(_: Reader) -> dict[str, Any]:
    """What each position allows: yes, no, or already (accepted, changes nothing)."""
    rows = {name: {str(p): str(v) for p, v in row.items()} for name, row in POSITION_TABLE.items()}
    return {"positions": [str(one) for one in Position], "commands": allowance.by_http_name(rows)}


@router.get("/v1/reasons", tags=["lists"])
async def reasons(_: Reader) -> dict[str, Any]:
    """Statuses, reasons, outcomes and effects of dispositions, and the codes of problems and rows."""
    codes = {
        code: {"status": entry["status"], "retry": entry["retry"], "text": sentence(code)}
        for code, entry in catalogue().items()
    }
    return {**schemas.data("reasons"), "errors": codes, "rows": row_texts()}


@router.get("/problems/{code}", include_in_schema=False)
async def problem(code: str) -> Response:
    """What a `type` of a problem document points at."""
    page = problem_page(code)
    if page is None:
        raise Problem("not-found")
    return HTMLResponse(page, headers=PAGE_HEADERS)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The routes for people."""
    return HTMLResponse(reference(request.app.openapi()), headers=PAGE_HEADERS)


@router.get("/", include_in_schema=False)
async def root() -> Response:
    """The console."""
    return RedirectResponse("console/", 307)
