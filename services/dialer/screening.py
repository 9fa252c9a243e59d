"""Looks through records that wait for a later call: a campaign does not wait for who may not be called any more."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from outdial.campaign.positions import Position
from outdial.campaign.state import CampaignState
from services.dialer.do_not_call import DoNotCall
from services.dialer.phones import Phones

AT_WORK: Final = (Position.RUNNING, Position.STOPPED)
MOST: Final = 500
BLOCKS: Final = 4  # of one look, however few of their records wait


@dataclass(slots=True)
class _Walk:
    """Through the records of a campaign: `version` of the lists as it began, `screened` as the one before began."""

    following: int = 1
    version: int = 0
    screened: int = 0


class Screening:
    """One look at a time, whose cost does not depend on how many numbers or records there are."""

    def __init__(self, phones: Phones, do_not_call: DoNotCall) -> None:
        self._phones, self._do_not_call = phones, do_not_call
        self._walks: dict[str, _Walk] = {}

    async def look(self, states: Iterable[CampaignState]) -> tuple[str, list[int]] | None:
        """The listed ones among the next records of the campaign that has waited longest; None: nothing to do.

        Raises TimeoutError, ListsUnread: the same records are looked at again.
        """
        version = self._do_not_call.version
        waiting = [one for one in states if one.position in AT_WORK and one.book.tally.active]
        old = [one for one in waiting if self._walk(one).screened < version]
        if not old:
            return None
        state = min(old, key=lambda one: self._walk(one).screened)
        walk = self._walk(state)
        if walk.following == 1:
            walk.version = version
        records, following = _next(state, walk.following)
        listed = await self._do_not_call.among(await self._phones.of(state, records)) if records else ()
        walk.following = following
        if following == 1:
            walk.screened = walk.version
        return state.campaign_id, sorted(listed)

    def _walk(self, state: CampaignState) -> _Walk:
        return self._walks.setdefault(state.campaign_id, _Walk())


def _next(state: CampaignState, first: int) -> tuple[list[int], int]:
    """The next active records from a number on, and where to go on; 1 = that was the last of them."""
    active = np.flatnonzero(state.book.active()[first:])
    if not len(active):
        return [], 1
    active += first
    part = active[:MOST]
    behind = bisect_right(state.chunks, int(part[0]), key=lambda chunk: chunk.first_record) - 1 + BLOCKS
    if behind < len(state.chunks):
        part = part[part < state.chunks[behind].first_record]
    return part.tolist(), int(part[-1]) + 1 if len(part) < len(active) else 1
