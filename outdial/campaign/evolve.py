"""Applies one event to a campaign's state. Total: what is in the log has happened. No clock but the event's time."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from outdial.campaign import events as e
from outdial.campaign.fold import attempts, lifecycle, records, uploads
from outdial.campaign.fold.checks import Unappliable
from outdial.campaign.state import CampaignState
from outdial.messages.codec import Undecodable

__all__ = ["ADMINISTRATIVE", "FOLD", "Unappliable", "evolve"]

FOLD: Final[Mapping[type, Callable[[CampaignState, Any, int], None]]] = {
    e.CampaignCreated: lifecycle.created,
    e.SettingsChanged: lifecycle.settings_changed,
    e.CampaignStarted: lifecycle.started,
    e.CampaignStopped: lifecycle.stopped,
    e.CampaignCompleted: lifecycle.completed,
    e.CampaignReset: records.campaign_reset,
    e.CampaignForceCompleted: records.force_completed,
    e.RecordsDeleted: records.records_deleted,
    e.CommandUndone: records.command_undone,
    e.UploadBegun: uploads.upload_begun,
    e.RecordsAdded: uploads.records_added,
    e.UploadCommitted: uploads.upload_committed,
    e.UploadRejected: uploads.upload_rejected,
    e.UploadAbandoned: uploads.upload_abandoned,
    e.AttemptsClaimed: attempts.claimed,
    e.AttemptsEnded: attempts.ended,
    e.AttemptsCorrected: attempts.corrected,
    e.AttemptsWithdrawn: attempts.withdrawn,
    e.DispositionRecorded: attempts.disposition_recorded,
    e.DiallingTakenOver: lifecycle.taken_over,
    e.RecordsExcluded: records.records_excluded,
    e.ErasureConfirmed: lifecycle.erasure_confirmed,
    e.RecordsErased: lifecycle.records_erased,
}
# These count a version: settings, position, uploads, reset, delete, undo. The rest are facts.
ADMINISTRATIVE: Final = frozenset(
    {
        e.CampaignCreated,
        e.SettingsChanged,
        e.CampaignStarted,
        e.CampaignStopped,
        e.CampaignCompleted,
        e.CampaignReset,
        e.CampaignForceCompleted,
        e.RecordsDeleted,
        e.CommandUndone,
        e.UploadBegun,
        e.UploadCommitted,
        e.UploadRejected,
        e.UploadAbandoned,
    }
)
# They open an undo slot of their own; every other administrative event ends the one that is open.
_FILL_THE_SLOT: Final = frozenset({e.CampaignReset, e.CampaignForceCompleted, e.CommandUndone})


def evolve(state: CampaignState, event: e.Event, at_us: int) -> CampaignState:
    """The state after the event, whose `ce_time` is `at_us`; the given state is used up.

    Raises Unappliable for an event that no history of ours has at this place; the state is unusable then.
    """
    kind = type(event)
    if (kind is e.CampaignCreated) == (state.sequence > 0):
        raise Unappliable(f"{kind.__name__} at sequence {state.sequence + 1}")
    try:
        FOLD[kind](state, event, at_us)
    except (LookupError, OverflowError, ValueError, Undecodable) as error:
        raise Unappliable(f"{kind.__name__} at sequence {state.sequence + 1}: {error!r}") from error
    state.sequence += 1
    state.updated_us = at_us
    if kind in ADMINISTRATIVE:
        state.version += 1
        if kind not in _FILL_THE_SLOT:
            state.undo = None
    if state.deletes:
        _end_grace(state, at_us)
    return state


def _end_grace(state: CampaignState, at_us: int) -> None:
    over = [name for name, slot in state.deletes.items() if slot.recoverable_until_us < at_us]
    for name in over:
        del state.deletes[name]
