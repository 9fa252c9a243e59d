"""Why a record, or a whole campaign, is or is not called now: the deciding rule in words, from the views."""

from collections.abc import Mapping
from typing import Any

from outdial.campaign.settings import CampaignSettings
from outdial.campaign.window import describe, is_open, next_open_us
from services.api.models.form import rfc3339

Row = Mapping[str, Any]
Reasons = list[dict[str, Any]]


def why_record(campaign: Row, settings: CampaignSettings, record: Row, now_us: int) -> dict[str, Any]:
    """The rules that keep the record from being called, the first one decides; none: its turn has not come yet."""
    reasons = list(_of_record(settings, record, now_us)) or [
        *_of_campaign(campaign),
        *_of_zone(settings, record["zone"] or settings.time_zone, now_us),
    ]
    text = reasons[0]["text"] if reasons else "It is called when its turn comes: by priority, then by number."
    return {"record_id": str(record["record"]), "text": text, "reasons": reasons}


def _of_record(settings: CampaignSettings, record: Row, now_us: int) -> Reasons:
    if record["is_open"]:
        return [_reason("call-up", "A call is up.")]
    if record["is_awaiting"]:
        return [_reason("awaits-disposition", "The call was answered; its disposition is awaited.")]
    if record["status"] != "Pending":
        said = f" ({record['reason']})" if record["reason"] else ""
        return [_reason("final", f"The record is final: {record['status']}{said}.")]
    return _of_pending(settings, record, now_us)


def _of_pending(settings: CampaignSettings, record: Row, now_us: int) -> Reasons:
    if record["expires_us"] and record["expires_us"] < now_us:
        return [_reason("expired", f"It expired at {rfc3339(record['expires_us'])}.")]
    if settings.max_attempts and record["claims"] >= settings.max_attempts:
        return [
            _reason(
                "lifetime-cap", f"It had {record['claims']} of {settings.max_attempts} attempts for life."
            )
        ]
    if record["next_attempt_us"] > now_us:
        at = rfc3339(record["next_attempt_us"])
        return [_reason("waits", f"After {record['reason']} it waits until {at}.") | {"until": at}]
    return []


def _of_campaign(campaign: Row) -> Reasons:
    if campaign["position"] == "Running":
        return []
    return [_reason("not-running", f"The campaign is {campaign['position'].lower()}, not running.")]


def _of_zone(settings: CampaignSettings, zone: str, now_us: int) -> Reasons:
    if is_open(settings.calling_window, zone, now_us):
        return []
    opens = rfc3339(next_open_us(settings.calling_window, zone, now_us))
    window = f"The calling window ({describe(settings.calling_window)}) is closed in {zone}"
    return [
        _reason("window-closed", f"{window}; it opens at {opens}." if opens else f"{window}.")
        | {"until": opens}
    ]


def why_campaign(campaign: Row, settings: CampaignSettings, counts: Row, now_us: int) -> dict[str, Any]:
    """Per rule how many records it keeps from being called, and what holds for the campaign as a whole."""
    final = {f"final: {name}": total for name, total in counts["by_status"].items() if name != "Pending"}
    reasons = {
        "a call is up": counts["in_progress"],
        "awaits its disposition": counts["awaiting"],
        "active: due, or waiting for its next attempt": counts["active"],
        **final,
    }
    whole = [*_of_campaign(campaign), *_of_zone(settings, settings.time_zone, now_us)]
    if not counts["active"]:
        whole.append(_reason("nothing-to-dial", "No record is active."))
    text = " ".join(one["text"] for one in whole) or "Active records are called when their turn comes."
    return {
        "text": text,
        "rules": whole,
        "reasons": {name: total for name, total in reasons.items() if total},
    }


def _reason(code: str, text: str) -> dict[str, Any]:
    return {"code": code, "text": text}
