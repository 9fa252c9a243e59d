"""Folds what moves a campaign as a whole: created, settings, position, what can be undone, the last notice."""

import json
from dataclasses import asdict
from typing import Any, Final

from outdial.campaign import events as e
from outdial.campaign.settings import CampaignSettings
from outdial.views.batch import Batch
from outdial.views.columns import storable
from outdial.views.facts import Fact
from outdial.views.rows import CampaignRow

POSITION_AFTER: Final = {
    e.CampaignStarted: "Running",
    e.CampaignStopped: "Stopped",
    e.CampaignCompleted: "Completed",
    e.CampaignReset: "Ready",
    e.CampaignForceCompleted: "Completed",
}
_UNDOABLE: Final = {e.CampaignReset: "ResetCampaign", e.CampaignForceCompleted: "ForceComplete"}


async def created(batch: Batch, fact: Fact, event: e.CampaignCreated) -> CampaignRow:
    """A campaign, Ready, at sequence 0: the event itself moves it on."""
    await batch.db.execute(
        """
        INSERT INTO campaigns (campaign, partition, position, version, sequence, created_us, updated_us, settings)
        VALUES (%s, %s, 'Ready', 0, 0, %s, %s, %s::jsonb)
        """,
        [fact.campaign, fact.partition, fact.at_us, fact.at_us, settings_json(event.settings)],
    )
    await batch.campaigns.reload([(fact.campaign,)])
    found = batch.campaigns.change(fact.campaign)
    assert found is not None  # noqa: S101  # just written
    return found


async def settings_changed(batch: Batch, fact: Fact, event: e.SettingsChanged) -> None:
    """All settings after the change."""
    await batch.db.execute(
        "UPDATE campaigns SET settings = %s::jsonb WHERE campaign = %s",
        [settings_json(event.settings), fact.campaign],
    )


async def administrative(batch: Batch, campaign: CampaignRow, fact: Fact) -> None:
    """Version, position, undo slot and notice after an administrative event that has been folded otherwise."""
    event = fact.event
    campaign.version += 1
    campaign.position = POSITION_AFTER.get(type(event), campaign.position)
    if isinstance(event, e.CommandUndone):
        campaign.position = event.position
    elif isinstance(event, e.RecordsDeleted) and event.is_empty:
        campaign.position = "Ready"
    campaign.undo = _slot_of(fact) or await _hidden_delete(batch, fact)
    campaign.notice = notice_of(fact) or campaign.notice


def _slot_of(fact: Fact) -> dict[str, Any] | None:
    """The undo slot that an event opens; every other administrative event ends the one that is open."""
    event = fact.event
    if not isinstance(event, e.CampaignReset | e.CampaignForceCompleted):
        return None
    return {"command_id": event.command_id, "command_type": _UNDOABLE[type(event)], "until_us": 0}


async def _hidden_delete(batch: Batch, fact: Fact) -> dict[str, Any] | None:
    """The newest delete that can still be undone: it has a slot of its own until its grace ends."""
    found = await batch.db.execute(
        "SELECT command_id, until_us FROM hidden_deletes WHERE campaign = %s AND until_us >= %s"
        " ORDER BY until_us DESC LIMIT 1",
        [fact.campaign, fact.at_us],
    )
    row = await found.fetchone()
    return row and {
        "command_id": row["command_id"],
        "command_type": "DeleteRecords",
        "until_us": row["until_us"],
    }


def notice_of(fact: Fact) -> dict[str, Any] | None:
    """The success notice of an administrative event, as numbers; the edge makes the text."""
    match fact.event:
        case e.CampaignReset(affected=affected, not_dialable=others):
            told = {"command": "reset", "affected": affected, "not_dialable": dict(others)}
        case e.CampaignForceCompleted(affected=affected, never_dialled=never, waiting=waiting):
            told = {
                "command": "force-complete",
                "affected": affected,
                "never_dialled": never,
                "waiting": waiting,
            }
        case e.RecordsDeleted(affected=affected):
            told = {"command": "delete-records", "affected": affected}
        case e.UploadCommitted(accepted=accepted, duplicate=duplicate, invalid=invalid):
            told = {"command": "add-data", "accepted": accepted, "duplicate": duplicate, "invalid": invalid}
        case e.CommandUndone(restored=restored, changed_since=changed):
            told = {"command": "undo", "restored": restored, "changed_since": changed}
        case _:
            return None
    return {**told, "at_us": fact.at_us}


def settings_json(settings: CampaignSettings) -> str:
    """The settings as the views keep them."""
    return json.dumps(storable(asdict(settings)), ensure_ascii=False)
