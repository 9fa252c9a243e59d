"""Ends the process when its handler stands still although the log goes on.

A thread, a loop and a connection of its own: it must work when the engine's loop is stuck, and Kafka never notices a
stuck handler by itself. It counts its own probes instead of time, so a process is not ended the moment it wakes up.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.kafka import connected
from outdial.eventlog.live.observed import Observed
from outdial.eventlog.live.settings import EXIT_STUCK, LiveSettings

log = logging.getLogger(__name__)
PROBE_TIMEOUT_S: Final = 10.0
NOBODYS: Final = 2  # a partition that nobody moves may be on its way to its next owner: twice as long
MARKER: Final = 1  # one trailing marker is no lag


@dataclass(slots=True)
class Stillness:
    """For how many probes each partition has stood still while it lagged."""

    limit: int
    last: dict[int, int] = field(default_factory=dict)
    still: dict[int, int] = field(default_factory=dict)
    mine: frozenset[int] = frozenset()

    def probe(self, positions: Mapping[int, int], ends: Mapping[int, int], mine: Collection[int]) -> set[int]:
        """Take one look; returns the partitions that have stood still for too long."""
        for partition in set(mine) - self.mine:
            self.still[partition] = 0  # what a former owner neglected is not our fault
        self.mine = frozenset(mine)
        for partition, end in ends.items():
            at = positions.get(partition, 0)
            is_still = at == self.last.get(partition) and end - at > MARKER
            self.still[partition] = self.still.get(partition, 0) + 1 if is_still else 0
            self.last[partition] = at
        return {
            part for part in ends if self.still[part] >= self.limit * (1 if part in self.mine else NOBODYS)
        }

    def excuse(self, partitions: Collection[int]) -> None:
        """They had nothing to read after all."""
        self.still.update(dict.fromkeys(partitions, 0))


class Watchdog:
    """One per process; a daemon thread."""

    def __init__(self, settings: LiveSettings, handler: Observed) -> None:
        self._settings, self._handler = settings, handler
        self._topic = settings.kafka.topic(settings.topic)
        self._stillness = Stillness(settings.stuck_after)

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=lambda: asyncio.run(self._run()), name="watchdog", daemon=True).start()

    async def _run(self) -> None:
        every, kafka = self._settings.probe_every_s, self._settings.kafka
        while True:
            await asyncio.sleep(every)
            try:
                async with connected(kafka, **kafka.consumer()) as consumer:
                    while True:
                        await asyncio.wait_for(self._look(consumer), PROBE_TIMEOUT_S)
                        await asyncio.sleep(every)
            except Exception as error:  # broker or store are away: no verdict
                log.warning("no verdict on progress", extra={"error": repr(error)})

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        if stuck := await self._probe(consumer):
            faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
            sys.stderr.flush()
            # last, since a supervisor tells the last line
            log.critical("the handler stands still", extra={"partitions": sorted(stuck)})
            os._exit(EXIT_STUCK)

    async def _probe(self, consumer: AIOKafkaConsumer) -> set[int]:
        mine, store = self._handler.at, self._settings.store
        positions = mine if store is None else await store.cursors()
        # under read_committed the end is the last stable offset: an open transaction is no lag
        found = await consumer.end_offsets([TopicPartition(self._topic, part) for part in positions])
        ends = {tp.partition: end for tp, end in found.items()}
        if store is not None:
            store.lag({part: max(0, end - positions[part]) for part, end in ends.items()})
        suspects = self._stillness.probe(positions, ends, mine)
        if not suspects or (store is not None and await store.is_at_work()):
            return set()
        stuck = {part for part in suspects if await self._is_unread(consumer, part, positions[part])}
        self._stillness.excuse(suspects - stuck)
        return stuck

    async def _is_unread(self, consumer: AIOKafkaConsumer, partition: int, at: int) -> bool:
        """Whether a committed record stands behind the position: an aborted tail is no lag."""
        tp = TopicPartition(self._topic, partition)
        consumer.assign([tp])
        consumer.seek(tp, at)
        return bool(await consumer.getmany(tp, timeout_ms=4000, max_records=1))
