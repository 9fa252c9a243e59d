"""Counts of visible records per campaign, moved by what a batch changes: exact, and a few rows to read.

The alternative, to count by an index at each look, would put an index on columns that change with every attempt
(no HOT updates any more) or read a million rows whenever a running campaign is shown.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from psycopg import AsyncConnection

from outdial.views.database import Row
from outdial.views.rows import StateRow

Group = tuple[str, str, str, bool, bool]  # campaign, status, reason, is_open, is_awaiting
VISIBLE_STATES: Final = """
    FROM unnest(%s::int[], %s::int[]) AS r (low, high)
    JOIN record_states AS s ON s.campaign = %s AND s.record BETWEEN r.low AND r.high AND s.deleted_by IS NULL
    JOIN uploads AS u ON u.campaign = s.campaign AND u.is_committed
     AND s.record >= u.first_record AND s.record < u.first_record + u.numbers
"""


class Tallies:
    """What one batch adds to the counts and takes from them."""

    def __init__(self) -> None:
        self._totals: Counter[Group] = Counter()
        self._claims: Counter[Group] = Counter()

    def leave(self, state: StateRow) -> None:
        """A record is about to change."""
        self._move(state, -1)

    def enter(self, state: StateRow) -> None:
        """A record has changed."""
        self._move(state, 1)

    def _move(self, state: StateRow, sign: int) -> None:
        if state.deleted_by is None:  # facts only reach records of committed uploads
            group = (state.campaign, state.status, state.reason, state.is_open, state.is_awaiting)
            self._totals[group] += sign
            self._claims[group] += sign * state.claims

    async def flush(self, db: AsyncConnection[Row]) -> None:
        """Write the differences."""
        moved = {one: (self._totals[one], self._claims[one]) for one in self._totals}
        await add_counts(db, {one: both for one, both in moved.items() if any(both)})
        self._totals.clear()
        self._claims.clear()


async def add_counts(db: AsyncConnection[Row], moved: Mapping[Group, tuple[int, int]]) -> None:
    """Add records and claims to the counts of groups."""
    if not moved:
        return
    groups = sorted(moved)
    columns = [list(column) for column in zip(*groups, strict=True)]
    totals, claims = (list(column) for column in zip(*map(moved.__getitem__, groups), strict=True))
    await db.execute(
        """
        INSERT INTO campaign_counts AS c
        SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bool[], %s::bool[], %s::bigint[],
                             %s::bigint[])
        ON CONFLICT (campaign, status, reason, is_open, is_awaiting)
        DO UPDATE SET total = c.total + excluded.total, claims = c.claims + excluded.claims
        """,
        [*columns, totals, claims],
    )


async def count_set(
    db: AsyncConnection[Row], campaign: str, ranges: tuple[Sequence[int], Sequence[int]], sign: int
) -> None:
    """Take the visible records of a set out of the counts (-1) before a statement changes them, or add them (1)."""
    await db.execute(
        f"""
        INSERT INTO campaign_counts AS c
        SELECT s.campaign, s.status, s.reason, s.is_open, s.is_awaiting, %s * count(*), %s * sum(s.claims)
        {VISIBLE_STATES}
        GROUP BY s.campaign, s.status, s.reason, s.is_open, s.is_awaiting
        ON CONFLICT (campaign, status, reason, is_open, is_awaiting)
        DO UPDATE SET total = c.total + excluded.total, claims = c.claims + excluded.claims
        """,
        [sign, sign, *ranges, campaign],
    )
