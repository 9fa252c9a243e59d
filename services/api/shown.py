"""Rows of the views in the form of the contract: names, texts for blanks, RFC 3339 times, ids as text."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from outdial.campaign.settings import CampaignSettings
from outdial.campaign.texts import not_dialable_text, records_text
from outdial.campaign.wire import from_fields
from services.api.allowance import HTTP_NAMES, allowed_map
from services.api.models.form import rfc3339
from services.api.models.settings import shown as shown_settings
from services.api.problems import catalogue, row_texts, sentence

Row = Mapping[str, Any]
COUNTS: Final = (
    "total",
    "active",
    "in_progress",
    "awaiting",
    "attempts",
    "erasing",
    "by_status",
    "by_reason",
)


def settings_of(row: Row) -> CampaignSettings:
    """The settings as values of the domain."""
    created = from_fields("CampaignCreated", {"settings": dict(row["settings"])})
    return created.settings  # type: ignore[union-attr]  # of that event


def campaign(row: Row, counts: Row, upload: Row | None, stopped_allows: frozenset[str]) -> dict[str, Any]:
    """A campaign: where it stands, its counts, what it allows, its settings, its open upload."""
    return {
        "campaign_id": row["campaign"],
        "name": row["settings"]["name"],
        "position": row["position"],
        "version": row["version"],
        "log_position": f"{row['campaign']}@{row['sequence']}",
        "counts": {name: counts[name] for name in COUNTS},
        "allowed": allowed_map(row["position"], stopped_allows),
        "settings": shown_settings(settings_of(row)),
        "upload": upload_receipt(upload, ()) if upload else None,
        "undo": _undo(row["undo"]),
        "notice": _notice(row["notice"]),
        "created_at": rfc3339(row["created_us"]),
        "updated_at": rfc3339(row["updated_us"]),
    }


def _undo(slot: Row | None) -> dict[str, Any] | None:
    if not slot:
        return None
    until = {"until": rfc3339(slot["until_us"])} if slot["until_us"] else {}
    return {"command_id": slot["command_id"], "command": HTTP_NAMES[slot["command_type"]], **until}


def _notice(notice: Row | None) -> dict[str, Any] | None:
    if not notice:
        return None
    said = {name: value for name, value in notice.items() if name != "at_us"}
    return {"at": rfc3339(notice["at_us"]), "text": _notice_text(notice), **said}


def _notice_text(notice: Row) -> str:
    match notice["command"]:
        case "reset":
            return f"{records_text(notice['affected'])} reset{not_dialable_text(notice['not_dialable'])}."
        case "force-complete":
            never, waiting = f"{notice['never_dialled']:,}", f"{notice['waiting']:,}"
            text = records_text(notice["affected"])
            return f"{text} marked complete: {never} never dialled, {waiting} waiting."
        case "delete-records":
            return f"{records_text(notice['affected'])} deleted."
        case "add-data":
            others = f"{notice['duplicate']:,} duplicate, {notice['invalid']:,} invalid"
            return f"{records_text(notice['accepted'])} added; {others}."
        case _:
            return f"{records_text(notice['restored'])} restored; {notice['changed_since']:,} changed since."


def record(row: Row) -> dict[str, Any]:
    """One record as lists show it."""
    return {
        "record_id": str(row["record"]),
        "phone": row["phone"],
        "name": row["name"],
        "priority": row["priority"],
        "expiry_date": rfc3339(row["expires_us"]),
        "agent": row["agent"],
        "skill": row["skill"],
        "extra": row["extra"],
        "zone": row["zone"],
        "status": row["status"],
        "reason": row["reason"],
        "disposition": row["disposition"],
        "last_agent": row["last_agent"],
        "attempts": row["attempts"],
        "in_progress": row["is_open"],
        "last_attempt_at": rfc3339(row["last_attempt_us"]),
        "next_attempt_at": rfc3339(row["next_attempt_us"]),
        "pass": row["pass_number"],
        "upload_id": row["upload_id"],
        "created_at": rfc3339(row["created_us"]),
        "updated_at": rfc3339(row["updated_us"]),
    }


def attempt(row: Row) -> dict[str, Any]:
    """One attempt with its evidence and its dispositions."""
    times = ("claimed", "originate_before", "ring", "answer", "connect", "hangup")
    return {
        "attempt_id": f"{row['campaign']}.{row['record']}.{row['attempt']}",
        "attempt": row["attempt"],
        "pass": row["pass_number"],
        "outcome": row["outcome"],
        **{f"{name}_at": rfc3339(row[f"{name}_us"]) for name in times},
        "caller_id": row["caller_id"],
        "zone": row["zone"],
        "cause": row["cause"] or None,
        "sip_code": row["sip_code"] or None,
        "agent": row["agent"],
        "dispositions": [_disposition(one) for one in row["dispositions"]],
    }


def _disposition(said: Row) -> dict[str, Any]:
    return {
        "disposition": said["disposition"],
        "agent": said["agent"],
        "at": rfc3339(said["at_us"]),
        "callback_at": rfc3339(said["callback_us"]),
        "correction": said["correction"],
    }


def story(row: Row, attempts: Sequence[Row]) -> list[dict[str, Any]]:
    """What happened to a record, oldest first: added, each call and how it ended, each disposition."""
    told = [(row["created_us"], "added", "")]
    for one in attempts:
        told.append((one["claimed_us"], "claimed", f"attempt {one['attempt']}"))
        if one["outcome"]:
            told.append((one["hangup_us"] or one["claimed_us"], "ended", one["outcome"]))
        told += [(said["at_us"], "disposition", said["disposition"]) for said in one["dispositions"]]
    return [
        {"time": rfc3339(at), "what": what, "text": text}
        for at, what, text in sorted(told, key=lambda t: t[0])
    ]


def upload_receipt(row: Row, faults: Sequence[Row]) -> dict[str, Any]:
    """An upload with its account and first row errors."""
    code = row["code"] or None
    return {
        "upload_id": row["upload_id"],
        "campaign": row["campaign"],
        "file_name": row["file_name"],
        "file_size": row["file_size"],
        "state": row["state"],
        "read": row["read"],
        "accepted": row["accepted"],
        "duplicate": row["duplicate"],
        "invalid": row["invalid"],
        "rows_done": row["read"],
        "errors": [_fault(one) for one in faults],
        "ignored_columns": [],
        "other_sheets": [],
        "resumed": False,
        "code": code,
        "column": row["column_name"] or None,
        "text": sentence(code) if code and code in catalogue() else _VOID.get(code or ""),
        "actor": row["actor"],
        "created_at": rfc3339(row["begun_us"]),
        "ended_at": rfc3339(row["ended_us"]),
        "log_position": None,
    }


_VOID: Final = {
    "withdrawn": "The upload was withdrawn; no record of it stays.",
    "abandoned": "The file stopped coming; no record of it stays. Send it again.",
}


def _fault(row: Row) -> dict[str, Any]:
    code = row["code"]
    return {
        "row": row["row"],
        "column": row["column_name"],
        "code": code,
        "text": row_texts().get(code, code),
    }


def event(row: Row) -> dict[str, Any]:
    """One event of the history, with its place in the log."""
    return {
        "sequence": row["sequence"],
        "type": row["type"],
        "time": rfc3339(row["time_us"]),
        "actor": row["actor"],
        "log_position": f"{row['campaign']}@{row['sequence']}",
        "command_id": row["command_id"],
        "partition": row["partition"],
        "offset": row["log_offset"],
        "data": row["data"],
    }


def command(result: Row) -> dict[str, Any]:
    """The answer of a command, accepted or rejected, as its caller was or would have been told."""
    details = result["details"]
    details = json.loads(details or "{}") if isinstance(details, str) else dict(details)
    return {
        **details,
        "state": "accepted" if result["accepted"] else "rejected",
        "accepted": result["accepted"],
        "code": result["code"] or None,
        "command_id": result["command_id"],
        "command_type": result["command_type"],
        "campaign": result["stream"],
        "version": result["version"],
        "position": result["position"],
        "log_position": f"{result['stream']}@{result['last_sequence']}",
        "affected": result["affected"],
        "changed": result["changed"],
        "message": result["message"],
        "decided_at": rfc3339(result["decided_us"]),
    }
