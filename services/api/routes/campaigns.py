"""Campaigns: create, list, look at, change their settings."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from outdial.campaign.commands import ChangeSettings, CreateCampaign
from outdial.campaign.defaults import default_settings
from outdial.campaign.settings import CampaignSettings
from services.api.access import Commander, Reader
from services.api.asking import AskedOf, HeadersOf
from services.api.commanding import Order
from services.api.deps import CommandsOf, PagingOf, ReadingOf
from services.api.models.answers import ANSWERED, Accepted, Later
from services.api.models.form import CampaignId
from services.api.models.settings import CampaignCreate, SettingsChange, given
from services.api.problems import Problem

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])


@router.post("", status_code=201, responses={201: {"model": Accepted}, 202: {"model": Later}})
async def create(
    body: CampaignCreate, request: Request, headers: HeadersOf, commands: CommandsOf, caller: Commander
) -> Response:
    """Create a campaign; it is Ready."""
    campaign = body.campaign_id or derived_id(headers.command_id)
    settings = new_settings(given(body), request.app.state.setting_defaults)
    order = Order(campaign, CreateCampaign(settings), caller, headers)
    return await commands.carry_out(order, created=f"/v1/campaigns/{campaign}")


@router.get("")
async def list_campaigns(reading: ReadingOf, paging: PagingOf, _: Reader) -> Any:
    """Campaigns with position, counts and what is allowed."""
    return await reading.campaigns(paging)


@router.get("/{campaign_id}")
async def show(campaign_id: CampaignId, reading: ReadingOf, _: Reader) -> Response:
    """One campaign; its ETag is the version that If-Match takes."""
    campaign = await reading.campaign(campaign_id)
    headers = {"ETag": f'"{campaign["version"]}"', "Outdial-Log-Position": campaign["log_position"]}
    return JSONResponse(campaign, headers=headers)


@router.patch("/{campaign_id}", responses=ANSWERED)
async def change(body: SettingsChange, asked: AskedOf, caller: Commander) -> Response:
    """Change settings; what is left out stays."""
    return await asked.carry_out(ChangeSettings(**given(body)), caller)


def new_settings(said: Mapping[str, Any], defaults: Mapping[str, str]) -> CampaignSettings:
    """Settings of a new campaign. Raises `settings-invalid` when region or zone is neither said nor set."""
    known: dict[str, Any] = {**defaults, **said}
    missing = [name for name in ("region", "time_zone") if not known.get(name)]
    if missing:
        told = f"The deployment sets no default for {' and '.join(missing)}: say it."
        errors = [{"pointer": f"#/{name}", "code": "missing", "detail": "Required."} for name in missing]
        raise Problem("settings-invalid", told, errors=errors)
    return default_settings(**known)


def derived_id(command_id: str) -> str:
    """The id of a campaign whose creator gave none: the same key makes the same campaign."""
    return f"c-{sha256(command_id.encode()).hexdigest()[:12]}"
