"""What happens to sets of records, on a campaign in memory; as the statements of `fold_records` on the tables."""

from typing import Any, Final

import numpy as np

from outdial.campaign import events as e
from outdial.campaign.vocabulary import FORCE_COMPLETED
from outdial.views.fill.held import Held, numbers_of
from outdial.views.fill.states import Numbers
from outdial.views.fill.texts import BLANK
from outdial.views.fold_attempts import PENDING
from outdial.views.fold_records import MAX_PASS
from outdial.views.rows import UploadRow

# A column, and the one that keeps its former value for an undo.
PREVIOUS: Final = {
    "status": "previous_status",
    "reason": "previous_reason",
    "disposition": "previous_disposition",
    "attempts": "previous_attempts",
    "pass_number": "previous_pass",
    "next_attempt_us": "previous_next_us",
    "is_awaiting": "previous_awaiting",
}


def reset(held: Held, numbers: Numbers, at_us: int) -> None:
    """As if never dialled, in a new pass; the former values are kept for an undo."""
    chosen, rows = _keep(held, numbers, at_us), held.states.rows
    rows["status"][chosen], rows["is_awaiting"][chosen] = held.texts.code(PENDING), False
    rows["reason"][chosen] = rows["disposition"][chosen] = BLANK
    rows["attempts"][chosen] = rows["next_attempt_us"][chosen] = 0
    rows["pass_number"][chosen] = np.minimum(rows["pass_number"][chosen] + 1, MAX_PASS)


def force_completed(held: Held, numbers: Numbers, at_us: int) -> None:
    """The records that still were to be dialled are Complete."""
    chosen, rows = _keep(held, numbers, at_us), held.states.rows
    rows["status"][chosen], rows["next_attempt_us"][chosen] = held.texts.code("Complete"), 0
    rows["reason"][chosen] = held.texts.code(FORCE_COMPLETED)


def restored(held: Held, numbers: Numbers, at_us: int) -> None:
    """What the reset or force complete had overwritten is back."""
    rows = held.states.rows
    chosen = held.states.of_set(numbers)
    chosen = chosen[rows["has_previous"][chosen]]
    for name, previous in PREVIOUS.items():
        rows[name][chosen] = rows[previous][chosen]
    rows["has_previous"][chosen], rows["updated_us"][chosen] = False, at_us


def hidden(held: Held, numbers: Numbers, by: str | None, at_us: int) -> None:
    """Hidden by a delete that can be undone, or shown again."""
    chosen = held.states.of_set(numbers)
    held.states.rows["deleted_by"][chosen] = 0 if by is None else held.texts.code(by) + 1
    held.states.rows["updated_us"][chosen] = at_us


def removed(held: Held, numbers: Numbers) -> None:
    """Gone, with their attempts."""
    chosen = held.states.of_set(numbers)
    held.states.rows["is_there"][chosen] = False
    held.attempts.remove(chosen)


def _keep(held: Held, numbers: Numbers, at_us: int) -> Numbers:
    chosen, rows = held.states.of_set(numbers), held.states.rows
    for name, previous in PREVIOUS.items():
        rows[previous][chosen] = rows[name][chosen]
    rows["has_previous"][chosen], rows["updated_us"][chosen] = True, at_us
    return chosen


def take(held: Held, event: Any, at_us: int, upload: UploadRow | None) -> None:
    """The states that an event about a set of records changes; `upload` is the one that it names."""
    match event:
        case e.CampaignReset():
            reset(held, numbers_of(event.records), at_us)
        case e.CampaignForceCompleted():
            force_completed(held, numbers_of(event.records), at_us)
        case e.CommandUndone(command_type="ResetCampaign" | "ForceComplete"):
            restored(held, numbers_of(event.records), at_us)
        case e.CommandUndone():
            hidden(held, numbers_of(event.records), None, at_us)
        case e.RecordsDeleted(recoverable_until_us=until_us, command_id=by) if until_us:
            hidden(held, numbers_of(event.records), by, at_us)
        case e.RecordsDeleted():
            removed(held, numbers_of(event.records))
        case e.UploadRejected() | e.UploadAbandoned() if upload is not None and upload.numbers:
            removed(held, np.arange(upload.first_record, upload.first_record + upload.numbers))
