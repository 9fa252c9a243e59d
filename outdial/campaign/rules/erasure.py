"""Confirmations that the personal data of a delete is gone; when every holder has confirmed it is erased."""

from collections.abc import Collection

from outdial.campaign.commands import ConfirmErasure
from outdial.campaign.decision import Context, Decided
from outdial.campaign.events import ErasureConfirmed, Event, RecordsErased
from outdial.campaign.state import CampaignState


def confirm(state: CampaignState, command: ConfirmErasure, context: Context) -> Decided:
    """Idempotent by (erasure, holder); an erasure that is done or was undone has nothing to confirm."""
    erasure = state.erasures.get(command.erasure_id)
    if erasure is None or command.holder in erasure.confirmed or erasure.due_us > context.now_us:
        return []
    events: list[Event] = [ErasureConfirmed(command.erasure_id, command.holder)]
    if is_everywhere(erasure.confirmed | {command.holder}, context.erasure_holders):
        events.append(RecordsErased(command.erasure_id, len(erasure.records)))
    return events


def is_everywhere(confirmed: Collection[str], required: Collection[str]) -> bool:
    """Whether each required holder has confirmed; `view` stands for any `view:<version>`."""
    kinds = {holder.partition(":")[0] for holder in confirmed}
    return all(holder in confirmed or holder in kinds for holder in required)
