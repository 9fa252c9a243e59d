"""Creating a campaign and changing its settings."""

import re
from dataclasses import fields, replace
from typing import Any, Final

from outdial.campaign.commands import ChangeSettings, CreateCampaign
from outdial.campaign.decision import Context, Decided, Rejection, invalid
from outdial.campaign.events import CampaignCreated, SettingsChanged
from outdial.campaign.rules.settings_checks import check_settings
from outdial.campaign.settings import CampaignSettings
from outdial.campaign.state import CampaignState

CAMPAIGN_ID: Final = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_LISTS: Final = ("columns", "agents", "skills", "dispositions", "retry", "calling_window")


def create(state: CampaignState, command: CreateCampaign, context: Context) -> Decided:
    """A campaign of that id with those settings, Ready and empty."""
    if state.sequence:
        return Rejection("campaign-exists", {"campaign": state.campaign_id})
    problems = check_settings(command.settings)
    if not CAMPAIGN_ID.fullmatch(state.campaign_id):
        detail = "a campaign id has 1 to 64 of a-z, 0-9 and -"
        problems.insert(0, ("#/campaign_id", "invalid", detail))
    if problems:
        return invalid("settings-invalid", *problems)
    return [CampaignCreated(normal(command.settings))]


def change(state: CampaignState, command: ChangeSettings, context: Context) -> Decided:
    """The settings with what the command names; what is None stays."""
    named: dict[str, Any] = {field.name: getattr(command, field.name) for field in fields(command)}
    given = {name: value for name, value in named.items() if value is not None}
    before = normal(state.required_settings)
    after = normal(replace(before, **given))
    if problems := check_settings(after):
        return invalid("settings-invalid", *problems)
    return [SettingsChanged(after)] if after != before else []


def normal(settings: CampaignSettings) -> CampaignSettings:
    """The same settings with every list as a tuple, so that equal settings compare equal."""
    lists: dict[str, Any] = {name: tuple(getattr(settings, name)) for name in _LISTS}
    lists["calling_window"] = tuple(
        replace(window, days=tuple(window.days)) for window in settings.calling_window
    )
    return replace(settings, **lists)
