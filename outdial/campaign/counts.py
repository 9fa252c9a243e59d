"""Counts of a campaign's records for people: how many, active, in progress, by status and reason."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from outdial.campaign.names import Names
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import REASON_NAMES, STATUSES


@dataclass(frozen=True, slots=True)
class Counts:
    """Present records. in_progress: a call is up; awaiting: answered, without disposition yet. Blank reason = ""."""

    total: int
    active: int
    in_progress: int
    awaiting: int
    by_status: Mapping[str, int]
    by_reason: Mapping[str, int]


def counts(state: CampaignState) -> Counts:
    """What the campaign's records are, each in exactly one status."""
    book, tally = state.book, state.book.tally
    present = np.flatnonzero(book.present())
    by_status = dict.fromkeys(STATUSES, 0) | count_by(book.status[present], STATUSES)
    by_reason = count_by(book.reason[present], REASON_NAMES)
    return Counts(tally.present, tally.active, tally.open, tally.awaiting, by_status, by_reason)


def count_by(codes: npt.NDArray[np.generic], names: Names | tuple[str, ...]) -> dict[str, int]:
    """How often each name occurs among the codes; those that do not are left out."""
    found = np.bincount(codes.astype(np.int64), minlength=0)
    return {names[code]: int(found[code]) for code in np.flatnonzero(found).tolist()}
