"""A campaign in memory that a fake API tells of: its records, and what each command does to them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.api.allowance import allowed_map

LISTS: Final = ("status", "reason", "disposition", "priority", "agent", "last_agent", "skill")


class Refused(Exception):
    """A problem document to answer with."""

    def __init__(self, status: int, code: str, detail: str, **fields: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.detail, self.fields = status, code, detail, fields


@dataclass
class FakeCampaign:
    """One campaign: its position, its records and its uploads."""

    campaign_id: str
    name: str
    position: str = "Ready"
    version: int = 1
    settings: dict[str, Any] = field(default_factory=lambda: {"time_zone": "Asia/Kolkata", "region": "IN"})
    records: list[dict[str, Any]] = field(default_factory=list)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    undo: dict[str, Any] | None = None
    in_progress: int = 0

    def shown(self) -> dict[str, Any]:
        """As GET /campaigns/{id} tells it."""
        counts = {
            "total": len(self.records),
            "active": sum(record["status"] == "Pending" for record in self.records) - self.in_progress,
            "in_progress": self.in_progress,
            "by_status": dict(Counter(record["status"] for record in self.records)),
            "by_reason": dict(Counter(record["reason"] or "" for record in self.records)),
        }
        return {
            "campaign_id": self.campaign_id,
            "name": self.name,
            "position": self.position,
            "version": self.version,
            "log_position": f"{self.campaign_id}@{len(self.history)}",
            "counts": counts,
            "allowed": allowed_map(self.position, frozenset()),
            "settings": self.settings | {"name": self.name},
            "upload": None,
            "undo": self.undo,
            "notice": None,
        }

    def append(self, kind: str, **data: Any) -> None:
        """One more event."""
        at = len(self.history) + 1
        self.version += 1
        event = {"sequence": at, "type": kind, "time": "2026-11-25T10:00:00Z", "actor": "local", "data": data}
        self.history.append(
            event | {"log_position": f"{self.campaign_id}@{at}", "command_id": f"command-{at}"}
        )

    def matching(self, filters: Any) -> list[dict[str, Any]]:
        """The records that filters choose; unknown fields are refused as the API refuses them."""
        if filters is None:
            raise Refused(422, "filters-missing", "Send `filters`; {} means all records.")
        several = filters if isinstance(filters, list) else [filters]
        return [record for record in self.records if any(_matches(record, one) for one in several)]


def record(number: int, **values: Any) -> dict[str, Any]:
    """A record as the API shows it."""
    return {
        "record_id": number,
        "phone": f"+9198765{number:05d}",
        "name": f"Customer {number}",
        "priority": 1,
        "expiry_date": None,
        "agent": "",
        "skill": "",
        "extra": {},
        "status": "Pending",
        "reason": "",
        "disposition": "",
        "last_agent": "",
        "attempts": 0,
        "last_attempt_at": None,
        "next_attempt_at": None,
        "pass": 1,
        "upload_id": "u1",
        "created_at": "2026-11-25T09:00:00Z",
        "updated_at": "2026-11-25T09:00:00Z",
        **values,
    }


def _start(campaign: FakeCampaign, _: Any) -> str:
    campaign.position = "Running"
    campaign.append("outdial.CampaignStarted")
    return f"{campaign.name} was started."


def _stop(campaign: FakeCampaign, _: Any) -> str:
    campaign.position = "Stopped"
    campaign.append("outdial.CampaignStopped")
    return f"{campaign.name} was stopped."


def _reset(campaign: FakeCampaign, body: Any) -> str:
    found = campaign.matching(body.get("filters"))
    for one in found:
        one.update(status="Pending", reason="", disposition="")
    campaign.position = "Ready"
    campaign.append("outdial.CampaignReset", affected=len(found))
    campaign.undo = {
        "command_id": campaign.history[-1]["command_id"],
        "command": "reset",
        "restorable": len(found),
    }
    return f"{len(found)} records were reset."


def _delete(campaign: FakeCampaign, body: Any) -> str:
    found = campaign.matching(body.get("filters"))
    expected = preview(found)
    if body.get("confirm") not in (expected["selection"], expected["affected"]):
        raise Refused(409, "count-changed", "Other records match now.", **expected)
    campaign.records = [one for one in campaign.records if one not in found]
    campaign.append("outdial.RecordsDeleted", affected=len(found))
    return f"{len(found)} records were deleted for good."


def _force(campaign: FakeCampaign, _: Any) -> str:
    active = [one for one in campaign.records if one["status"] == "Pending"]
    for one in active:
        one.update(status="Complete", reason="ForceCompleted")
    campaign.position = "Completed"
    campaign.append("outdial.CampaignForceCompleted", affected=len(active))
    campaign.undo = {"command_id": campaign.history[-1]["command_id"], "command": "force-complete"}
    return f"{campaign.name} was completed: {len(active)} records were never dialled."


def _undo(campaign: FakeCampaign, body: Any) -> str:
    if campaign.undo is None or body["command_id"] != campaign.undo["command_id"]:
        raise Refused(409, "undo-not-available", "There is nothing of that command to undo.")
    campaign.undo = None
    campaign.position = "Stopped"
    campaign.append("outdial.CommandUndone")
    return "The reset was undone."


DO: Final = {
    "start": _start,
    "stop": _stop,
    "reset": _reset,
    "delete-records": _delete,
    "force-complete": _force,
    "undo": _undo,
}


def _matches(record: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    known = {*LISTS, "record_id", "phone", "from_date", "to_date", "date_field"}
    for name, wanted in filters.items():
        if name not in known:
            raise Refused(
                422, "filter-invalid", f"{name} is no filter; the known ones are {', '.join(sorted(known))}."
            )
        if name in LISTS and not any(_is(record[name], value) for value in wanted):
            return False
    return True


def _is(value: Any, wanted: str | None) -> bool:
    if wanted is None:
        return value in {"", None}
    first, _, last = str(wanted).partition("-")
    if isinstance(value, int) and last:
        return int(first) <= value <= int(last)
    return str(value) == str(wanted)


def by_value(found: list[dict[str, Any]], prefix: str) -> dict[str, Any]:
    """How many records have each value of each field."""
    return {f"{prefix}{name}": dict(Counter(str(one[name] or "") for one in found)) for name in LISTS}


def preview(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What a dry run answers."""
    numbers = ".".join(str(one["record_id"]) for one in found)
    selection = f"selection-{len(found)}-{abs(hash(numbers)):x}"
    not_dialable = dict(Counter(one["reason"] for one in found if one["reason"] in {"Expired", "DoNotCall"}))
    return {
        "affected": len(found),
        "selection": selection,
        "not_dialable": not_dialable,
        **by_value(found, "by_"),
    }


def receipt_of(campaign: FakeCampaign, name: str, text: str) -> dict[str, Any]:
    """Takes a CSV text in; the receipt of the upload."""
    rows = [line.split(",")[0].strip() for line in text.splitlines()[1:] if line.strip()]
    errors = []
    for number, phone in enumerate(rows, 2):
        if not phone.lstrip("+").isdigit():
            text = "the phone number is not valid"
            errors.append({"row": number, "column": "PhoneNumber", "code": "phone-invalid", "text": text})
        else:
            campaign.records.append(record(len(campaign.records) + 1, phone=phone))
    return {
        "upload_id": f"u{len(campaign.uploads) + 1}",
        "file_name": name,
        "state": "committed",
        "read": len(rows),
        "accepted": len(rows) - len(errors),
        "duplicate": 0,
        "invalid": len(errors),
        "errors": errors,
        "ignored_columns": [],
        "other_sheets": [],
        "actor": "local",
        "created_at": "2026-11-25T10:00:00Z",
    }


def accepted(campaign: FakeCampaign, message: str) -> dict[str, Any]:
    """The answer of an accepted command."""
    return {
        "command_id": f"command-{len(campaign.history)}",
        "campaign": campaign.campaign_id,
        "version": campaign.version,
        "position": campaign.position,
        "affected": 0,
        "changed": True,
        "message": message,
    }


def not_allowed(campaign: FakeCampaign, verb: str) -> Refused:
    """The refusal of what the position does not allow."""
    shown = campaign.shown()
    text = shown["allowed"][verb]["text"]
    return Refused(409, "position-does-not-allow", text, position=campaign.position, allowed=shown["allowed"])
