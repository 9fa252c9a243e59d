"""Decides a command against a campaign's state. No I/O, no clock, no random; never changes the state."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from outdial.campaign import commands as c
from outdial.campaign.decision import Context, Decided, Rejection
from outdial.campaign.positions import Verdict, allowed, cell, is_function, verdict
from outdial.campaign.rules import (
    claims,
    dialling,
    dispositions,
    erasure,
    lifecycle,
    outcomes,
    records,
    settings,
    undo,
    uploads,
)
from outdial.campaign.state import CampaignState

__all__ = ["Context", "Decided", "Rejection", "decide"]

_RULE: Final[Mapping[type, Callable[[CampaignState, Any, Context], Decided]]] = {
    c.ChangeSettings: settings.change,
    c.StartCampaign: lifecycle.start,
    c.StopCampaign: lifecycle.stop,
    c.CompleteIfDone: lifecycle.complete_if_done,
    c.ForceComplete: records.force_complete,
    c.ResetCampaign: records.reset,
    c.DeleteRecords: records.delete,
    c.WithdrawUpload: records.withdraw_upload,
    c.UndoCommand: undo.undo,
    c.BeginUpload: uploads.begin,
    c.AddRecords: uploads.add,
    c.CommitUpload: uploads.commit,
    c.RejectUpload: uploads.reject,
    c.AbandonUpload: uploads.abandon,
    c.ClaimAttempts: claims.claim,
    c.WithdrawAttempts: claims.withdraw,
    c.EndAttempts: outcomes.end,
    c.RecordDisposition: dispositions.record,
    c.TakeOverDialling: dialling.take_over,
    c.ExcludeRecords: dialling.exclude,
    c.ConfirmErasure: erasure.confirm,
}


def decide(state: CampaignState, command: c.Command, context: Context) -> Decided:
    """The events that the command causes (none: it changes nothing), or why it is refused."""
    if isinstance(command, c.CreateCampaign):
        return settings.create(state, command, context)
    if state.sequence == 0:
        return Rejection("campaign-unknown", {"campaign": state.campaign_id})
    name = type(command).__name__
    if is_function(name):
        match verdict(name, state.position, context.stopped_allows):
            case Verdict.NO:
                return refused_by_position(state, name, context)
            case Verdict.ALREADY:
                return ()
    return _RULE[type(command)](state, command, context)


def refused_by_position(state: CampaignState, command: str, context: Context) -> Rejection:
    """The refusal with what the position allows, for programs and people."""
    return Rejection(
        "position-does-not-allow",
        {
            "position": str(state.position),
            "command": command,
            "allowed": allowed(state.position, context.stopped_allows),
            "text": cell(command, state.position, context.stopped_allows).text,
        },
    )
