"""Ends the process when its handler stands still although the log goes on.

Own thread, own loop, own connection: it must work when the engine's loop is stuck, and Kafka never notices a stuck
handler by itself. It counts its own probes instead of time, so a process is not ended the moment it wakes up.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Mapping, Set
from contextlib import aclosing

from outdial.eventlog.live.observed import Observed
from outdial.eventlog.live.settings import EXIT_STUCK, LiveSettings
from outdial.eventlog.offsets import last_stable_offsets
from outdial.eventlog.replay import replay

log = logging.getLogger(__name__)
PROBE_TIMEOUT_S = 10.0
NOT_OURS = 4  # a partition that nobody moves counts that much longer: a rebalance may be under way


class Stillness:
    """Counts for how many probes each partition stood still while it lagged."""

    def __init__(self, stuck_after: int) -> None:
        self._limit = stuck_after
        self._last: dict[int, int] = {}
        self._still: dict[int, int] = {}
        self._mine: Set[int] = frozenset()

    def probe(self, positions: Mapping[int, int], ends: Mapping[int, int], mine: Set[int]) -> set[int]:
        """The partitions that have stood still for too long."""
        for partition in mine - self._mine:
            self._still[partition] = 0  # what a former owner neglected is not our fault
        self._mine = frozenset(mine)
        for partition, at in positions.items():
            is_still = at == self._last.get(partition) and ends.get(partition, 0) > at
            self._still[partition] = self._still.get(partition, 0) + 1 if is_still else 0
            self._last[partition] = at
        return {
            part for part in positions if self._still[part] >= self._limit * (1 if part in mine else NOT_OURS)
        }

    def excuse(self, partition: int) -> None:
        """It had nothing to read after all: an aborted tail is no lag."""
        self._still[partition] = 0


class Watchdog:
    """One per process; a daemon thread."""

    def __init__(self, settings: LiveSettings, handler: Observed) -> None:
        self._settings, self._handler = settings, handler
        self._stillness = Stillness(settings.stuck_after)

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=lambda: asyncio.run(self._run()), name="watchdog", daemon=True).start()

    async def _run(self) -> None:
        every = self._settings.probe_every_s
        while True:
            await asyncio.sleep(every)
            try:
                stuck = await asyncio.wait_for(self._probe(), PROBE_TIMEOUT_S)
            except Exception as error:  # broker or store are away: no verdict
                log.warning("probe failed", extra={"error": repr(error)})
                continue
            if stuck:
                log.critical("the handler stands still", extra={"partitions": sorted(stuck)})
                faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
                sys.stderr.flush()
                os._exit(EXIT_STUCK)

    async def _probe(self) -> set[int]:
        mine = self._handler.at
        positions = await self._settings.cursors() if self._settings.cursors is not None else mine
        if not positions:
            return set()
        # last stable offsets: an open transaction is no lag
        ends = await last_stable_offsets(self._settings.kafka, self._settings.topic, positions)
        suspects = self._stillness.probe(positions, ends, frozenset(mine))
        stuck = {part for part in suspects if await self._has_unread(part, positions[part])}
        for part in suspects - stuck:
            self._stillness.excuse(part)
        return stuck

    async def _has_unread(self, partition: int, position: int) -> bool:
        """Is there a committed record behind the position?"""
        kafka, topic = self._settings.kafka, self._settings.topic
        ends = await last_stable_offsets(kafka, topic, [partition])
        async with aclosing(replay(kafka, topic, {partition: position}, ends)) as batches:
            async for _ in batches:
                return True
        return False
