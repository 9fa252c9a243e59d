"""The families of streams: which rules and which fold a stream has follows from its name alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import outdial.campaign
import outdial.donotcall
from outdial.campaign import answers, snapshot, wire
from outdial.campaign.decide import decide
from outdial.campaign.decision import Context, Rejection
from outdial.campaign.evolve import evolve
from outdial.campaign.preview import Answer, preview
from outdial.campaign.state import CampaignState, initial
from outdial.donotcall import answers as list_answers
from outdial.donotcall import decide as list_rules
from outdial.donotcall import evolve as list_fold
from outdial.donotcall import snapshot as list_snapshot
from outdial.donotcall import state as list_state
from outdial.donotcall import wire as list_wire
from outdial.donotcall.lists import is_list
from outdial.donotcall.state import DoNotCallList

State = CampaignState | DoNotCallList
FOLDING: Final = (outdial.campaign, outdial.donotcall)  # the code whose folds a snapshot holds


@dataclass(frozen=True, slots=True)
class Family:
    """The pure functions of one kind of stream; `read` makes a command or event of its name and fields."""

    initial: Callable[[str], State]
    read: Callable[[str, Mapping[str, Any]], Any]
    decide: Callable[[Any, Any, Context], Sequence[Any] | Rejection]
    preview: Callable[[Any, Any, Context], Answer | Rejection]
    answer: Callable[[Any, Any, Sequence[Any]], Answer]
    evolve: Callable[[Any, Any, int], State]
    to_bytes: Callable[[Any], bytes]
    from_bytes: Callable[[bytes], State]


CAMPAIGN: Final = Family(
    initial,
    wire.from_fields,
    decide,
    preview,
    answers.answer,
    evolve,
    snapshot.to_bytes,
    snapshot.from_bytes,
)
DO_NOT_CALL: Final = Family(
    list_state.initial,
    list_wire.from_fields,
    list_rules.decide,
    list_answers.preview,
    list_answers.answer,
    list_fold.evolve,
    list_snapshot.to_bytes,
    list_snapshot.from_bytes,
)


def family_of(stream: str) -> Family:
    """The family of a stream by its id."""
    return DO_NOT_CALL if is_list(stream) else CAMPAIGN
