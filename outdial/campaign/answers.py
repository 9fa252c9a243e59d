"""What people and programs are told of a command that was accepted. For dry runs see `preview`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.chunk_counts import refused
from outdial.campaign.positions import cell, is_function
from outdial.campaign.preview import Answer, preview
from outdial.campaign.rules.claims import judge
from outdial.campaign.state import CampaignState
from outdial.campaign.texts import not_dialable_text, records_text

__all__ = ["Answer", "answer", "preview"]

_NOTHING: Final = "Nothing has changed."


def answer(before: CampaignState, command: c.Command, events: Sequence[e.Event]) -> Answer:
    """The answer to a command, from the state before its events were applied.

    Without an event it says why nothing has changed. A completion that follows from the command is told too.
    """
    if isinstance(command, c.ClaimAttempts):
        return _claimed(before, command, events)
    if not events:
        return Answer(0, False, *_unchanged(before, command))
    affected, message, details = _TOLD[type(events[0])](events[0])
    if isinstance(events[-1], e.CampaignCompleted) and len(events) > 1:
        message = f"{message} Nothing is left to do: the campaign is completed."
    if len(events) > 1 and isinstance(events[1], e.AttemptsCorrected):
        affected += len(events[1].record)
    return Answer(affected, True, message, details)


Told = tuple[int, str, dict[str, Any]]


def _plain(message: str) -> Callable[[Any], Told]:
    return lambda event: (0, message, {})


def _reset(event: e.CampaignReset) -> Told:
    message = (
        f"{records_text(event.affected)} reset{not_dialable_text(event.not_dialable)}. The campaign is ready."
    )
    return event.affected, message, {"not_dialable": dict(event.not_dialable)}


def _deleted(event: e.RecordsDeleted) -> Told:
    until = event.recoverable_until_us
    message = f"{records_text(event.affected)} deleted{_recoverable(until)}."
    if event.is_empty:
        message += " No record is left: the campaign is ready."
    return event.affected, message, {"recoverable_until_us": until, "erasure_id": event.command_id}


def _recoverable(until_us: int) -> str:
    if not until_us:
        return " for good"
    return f"; recoverable until {datetime.fromtimestamp(until_us // 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _force_completed(event: e.CampaignForceCompleted) -> Told:
    message = (
        f"{records_text(event.affected)} marked complete: {event.never_dialled:,} never dialled, "
        f"{event.waiting:,} waiting for a retry or callback. The campaign is completed."
    )
    return event.affected, message, {"never_dialled": event.never_dialled, "waiting": event.waiting}


def _undone(event: e.CommandUndone) -> Told:
    since = f", {event.changed_since:,} changed since and left as they are" if event.changed_since else ""
    message = f"{records_text(event.restored)} restored{since}. The campaign is {event.position.lower()}."
    return event.restored, message, {"restored": event.restored, "changed_since": event.changed_since}


def _begun(event: e.UploadBegun) -> Told:
    return 0, f"The upload of {event.file_name} is open.", {"upload_id": event.upload_id, "chunks": 0}


def _added(event: e.RecordsAdded) -> Told:
    counts = {
        "accepted": len(event.row),
        **refused(event)._asdict(),
    }
    duplicates = list(zip(event.duplicate_row, event.duplicate_code, strict=True))
    details = {
        **counts,
        "chunks": event.chunk + 1,
        "first_record": event.first_record,
        "duplicates": duplicates,
    }
    return len(event.row), f"{records_text(len(event.row))} taken.", details


def _committed(event: e.UploadCommitted) -> Told:
    counts = {name: getattr(event, name) for name in ("read", "accepted", "duplicate", "invalid")}
    message = (
        f"{records_text(event.accepted)} added; of {event.read:,} rows "
        f"{event.duplicate:,} were duplicates and {event.invalid:,} invalid."
    )
    return event.accepted, message, {**counts, "upload_id": event.upload_id, "state": "committed"}


def _rejected(event: e.UploadRejected) -> Told:
    state = "withdrawn" if event.code == "withdrawn" else "rejected"
    message = f"The upload was {state}: no record of it stays."
    details = {"upload_id": event.upload_id, "state": state, "code": event.code, "column": event.column}
    return 0, message, details


def _abandoned(event: e.UploadAbandoned) -> Told:
    details = {"upload_id": event.upload_id, "state": "abandoned"}
    return 0, "The upload was abandoned: no record of it stays.", details


def _ended(event: e.AttemptsEnded | e.AttemptsCorrected) -> Told:
    return len(event.record), f"{_attempts(len(event.record))} recorded.", {}


def _withdrawn(event: e.AttemptsWithdrawn) -> Told:
    return len(event.record), f"{_attempts(len(event.record))} withdrawn; nothing was dialled.", {}


def _disposition(event: e.DispositionRecorded) -> Told:
    word = "corrected to" if event.is_correction else "recorded:"
    details = {
        "status": event.status,
        "reason": event.reason,
        "next_attempt_us": event.next_attempt_us,
        "is_correction": event.is_correction,
    }
    return 1, f"Disposition {word} {event.disposition}.", details


def _excluded(event: e.RecordsExcluded) -> Told:
    count = len(event.record)
    return count, f"{records_text(count)} can no longer be dialled.", {}


def _erased(event: e.ErasureConfirmed) -> Told:
    return 0, f"{event.holder} has erased.", {"erasure_id": event.erasure_id}


def _attempts(count: int) -> str:
    return f"{count:,} attempt" if count == 1 else f"{count:,} attempts"


_TOLD: Final[Mapping[type, Callable[[Any], Told]]] = {
    e.CampaignCreated: _plain("The campaign is created and ready."),
    e.SettingsChanged: _plain("The settings are changed."),
    e.CampaignStarted: _plain("The campaign is running."),
    e.CampaignStopped: _plain("The campaign is stopped. Calls that are up finish and are recorded."),
    e.CampaignCompleted: _plain("Nothing is left to do: the campaign is completed."),
    e.CampaignReset: _reset,
    e.CampaignForceCompleted: _force_completed,
    e.RecordsDeleted: _deleted,
    e.CommandUndone: _undone,
    e.UploadBegun: _begun,
    e.RecordsAdded: _added,
    e.UploadCommitted: _committed,
    e.UploadRejected: _rejected,
    e.UploadAbandoned: _abandoned,
    e.AttemptsEnded: _ended,
    e.AttemptsCorrected: _ended,
    e.AttemptsWithdrawn: _withdrawn,
    e.DispositionRecorded: _disposition,
    e.DiallingTakenOver: _plain("This dialer dials the campaign now."),
    e.RecordsExcluded: _excluded,
    e.ErasureConfirmed: _erased,
}


def _claimed(before: CampaignState, command: c.ClaimAttempts, events: Sequence[e.Event]) -> Answer:
    claimed = [record for event in events if isinstance(event, e.AttemptsClaimed) for record in event.record]
    taken = frozenset(claimed)
    # The reasons as of the last instant at which the claim could be used; only a due time is passed by then.
    verdicts = zip(command.record, judge(before, command, command.originate_before_us - 1), strict=True)
    refused = [{"record": one, "reason": why or "not-due"} for one, why in verdicts if one not in taken]
    message = f"{_attempts(len(claimed))} claimed, {len(refused):,} not."
    return Answer(len(claimed), bool(events), message, {"claimed": claimed, "refused": refused})


def _unchanged(before: CampaignState, command: c.Command) -> tuple[str, dict[str, Any]]:
    match command:
        case c.ResetCampaign():
            return "No record was reset: none that can be dialled matches.", {}
        case c.DeleteRecords() | c.WithdrawUpload():
            return "No record was deleted: none matches.", {}
        case c.ChangeSettings():
            return "The settings are so already.", {}
        case c.BeginUpload() | c.AddRecords() | c.CommitUpload() | c.RejectUpload() | c.AbandonUpload():
            return _unchanged_upload(before, command.upload_id)
    name = type(command).__name__
    text = cell(name, before.position).text if is_function(name) else None
    return text or _NOTHING, {}


def _unchanged_upload(before: CampaignState, upload_id: str) -> tuple[str, dict[str, Any]]:
    upload = before.uploads[upload_id]
    names = ("upload_id", "state", "chunks", "read", "accepted", "duplicate", "invalid")
    return "It was so already.", {name: getattr(upload, name) for name in names}
