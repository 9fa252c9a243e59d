"""A handler as the watchdog sees it: which partitions it has, and how far it came in each."""

from collections.abc import Mapping, Sequence

from outdial.eventlog.ports import Handler, LogRecord


class Observed:
    """Passes everything on. `at` is read by another thread: it is replaced as a whole, never changed."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.at: Mapping[int, int] = {}

    async def positions(self, partitions: frozenset[int]) -> Mapping[int, int]:
        """The handler's positions; from here on these partitions are ours."""
        found = await self._handler.positions(partitions)
        self.at = {**self.at, **{partition: found[partition] for partition in partitions}}
        return found

    async def handle(self, partition: int, records: Sequence[LogRecord]) -> None:
        """One batch: it counts once the handler has it."""
        await self._handler.handle(partition, records)
        self.at = {**self.at, partition: records[-1].offset + 1}

    async def revoked(self, partitions: frozenset[int]) -> None:
        """Not ours any more."""
        self.at = {partition: at for partition, at in self.at.items() if partition not in partitions}
        await self._handler.revoked(partitions)
