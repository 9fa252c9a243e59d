"""The views as the watchdog of the live stream sees them, from its own thread and on its own connections."""

from collections.abc import Mapping
from typing import Final

from outdial.views import cursor, silent
from outdial.views.cursor import EVENTS
from outdial.views.database import connect
from services.projection.metrics import Metrics
from services.projection.standing import Standing

LONGEST_BATCH_S: Final = 900.0  # a statement over millions of records is work, not a standstill
SILENT_S: Final = 10.0  # between two statements of a batch


class ViewStore:
    """`eventlog`'s Store: cursors of all partitions, and how far the log is ahead of them."""

    def __init__(self, dsn: str, partitions: int, standing: Standing, metrics: Metrics) -> None:
        self._dsn, self._partitions = dsn, partitions
        self._standing, self._metrics = standing, metrics

    async def cursors(self) -> Mapping[int, int]:
        """The cursor of each partition of the events."""
        async with await connect(self._dsn) as db:
            return await cursor.cursors(db, EVENTS, range(self._partitions))

    def lag(self, behind: Mapping[int, int]) -> None:
        """Show it in health and metrics."""
        self._standing.behind = dict(behind)
        for number, offsets in behind.items():
            self._metrics.behind.labels(str(number)).set(offsets)

    async def is_at_work(self) -> bool:
        """Whether the database works on a batch, as it says itself, for less than a quarter of an hour.

        It may have answered long ago: a network that has forgotten the connection does not tell.
        """
        if not 0 < self._standing.works_for_s() < LONGEST_BATCH_S:
            return False
        async with await connect(self._dsn) as db:
            return await silent.is_served(db, self._standing.backend, SILENT_S)
