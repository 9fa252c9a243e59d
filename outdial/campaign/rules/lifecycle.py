"""Start, stop, and completion by itself."""

from outdial.campaign.book import Tally
from outdial.campaign.commands import CompleteIfDone, StartCampaign, StopCampaign
from outdial.campaign.decision import Context, Decided, Rejection
from outdial.campaign.events import CampaignCompleted, CampaignStarted, CampaignStopped
from outdial.campaign.positions import Position
from outdial.campaign.state import CampaignState


def start(state: CampaignState, command: StartCampaign, context: Context) -> Decided:
    """Running, if something can be dialled and no upload is open."""
    if upload := state.open_upload:
        return Rejection("upload-in-progress", {"upload_id": upload.upload_id})
    if state.book.tally.active == 0:
        return Rejection("nothing-to-dial", {"total": state.book.tally.present, "active": 0})
    return [CampaignStarted()]


def stop(state: CampaignState, command: StopCampaign, context: Context) -> Decided:
    """Stopped: no claim is accepted from here on."""
    return [CampaignStopped()]


def complete_if_done(state: CampaignState, command: CompleteIfDone, context: Context) -> Decided:
    """Completed, if nothing is left to do."""
    return completion(state, state.book.tally)


def completion(state: CampaignState, after: Tally) -> list[CampaignCompleted]:
    """CampaignCompleted if nothing is active, no call is up and no answer waits, with the counts as they will be."""
    is_at_work = state.position in (Position.RUNNING, Position.STOPPED)
    is_done = after.active == 0 and after.open == 0 and after.awaiting == 0
    return [CampaignCompleted()] if is_at_work and is_done and state.open_upload is None else []
