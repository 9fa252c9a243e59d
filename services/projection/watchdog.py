"""Ends the process when a cursor stands still although the log goes on.

It runs in a thread and a loop of its own, on connections of its own: it must work when the engine's loop is stuck.
It counts its own probes instead of wall time, so that a suspended process is not ended the moment it wakes up.
"""

import asyncio
import faulthandler
import logging
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from outdial.eventlog.kafka import KafkaConfig, connected
from outdial.eventlog.ports import LogUnavailable
from outdial.runtime.exits import Exit
from outdial.views import cursor
from outdial.views.cursor import EVENTS
from outdial.views.database import connect
from services.projection.metrics import Metrics
from services.projection.standing import Standing

log = logging.getLogger(__name__)
PROBE_S: Final = 2.5
PROBE_TIMEOUT_S: Final = 10.0
STUCK_PROBES: Final = 10
NOBODYS: Final = 4  # a partition that nobody moves may wait for its next owner: four times as long
LONGEST_BATCH_S: Final = 900.0  # a statement over millions of records is work, not a standstill
AWAY: Final = (psycopg.Error, KafkaError, LogUnavailable, OSError, TimeoutError)


@dataclass(slots=True)
class Stillness:
    """For how many probes each lagging partition has not moved."""

    last: dict[int, int] = field(default_factory=dict)
    still: dict[int, int] = field(default_factory=dict)
    mine: frozenset[int] = frozenset()

    def probe(self, cursors: Mapping[int, int], ends: Mapping[int, int], mine: Collection[int]) -> set[int]:
        """Take one look; returns partitions that have stood still for too long."""
        for partition in set(mine) - self.mine:
            self.still[partition] = 0  # what a former owner neglected is not our fault
        self.mine = frozenset(mine)
        for partition, end in ends.items():
            at = cursors.get(partition, 0)
            moved, lags = at != self.last.get(partition), end - at > 1  # one trailing marker is no lag
            self.still[partition] = 0 if moved or not lags else self.still.get(partition, 0) + 1
            self.last[partition] = at
        return {
            partition
            for partition, probes in self.still.items()
            if probes >= STUCK_PROBES * (1 if partition in self.mine else NOBODYS)
        }


class Watchdog:
    """Looks after the partitions of the events; the cursors are those in the database."""

    def __init__(self, kafka: KafkaConfig, dsn: str, standing: Standing, metrics: Metrics) -> None:
        self._kafka, self._dsn, self._standing, self._metrics = kafka, dsn, standing, metrics
        self._stillness = Stillness()

    async def run(self, partitions: int) -> None:
        """For ever. While broker or database are away there is no verdict."""
        while True:
            try:
                async with connected(self._kafka, **self._kafka.consumer()) as consumer:
                    while True:
                        await asyncio.sleep(PROBE_S)
                        async with asyncio.timeout(PROBE_TIMEOUT_S):
                            await self._probe(consumer, partitions)
            except AWAY as error:
                log.warning("no verdict on progress", extra={"error": str(error)})
                await asyncio.sleep(PROBE_S)

    async def _probe(self, consumer: AIOKafkaConsumer, partitions: int) -> None:
        topic = self._kafka.topic(EVENTS)
        # under read_committed the end is the last stable offset: an open transaction is no lag
        found = await consumer.end_offsets([TopicPartition(topic, number) for number in range(partitions)])
        ends = {tp.partition: end for tp, end in found.items()}
        async with await connect(self._dsn) as db:
            cursors = await cursor.cursors(db, EVENTS, ends)
        self._show(cursors, ends)
        works_for_s = self._standing.works_for_s()
        suspects = self._stillness.probe(cursors, ends, list(self._standing.at))
        if not suspects or 0 < works_for_s < LONGEST_BATCH_S:
            return
        stuck = {number for number in suspects if await self._is_unread(consumer, number, cursors[number])}
        for number in suspects - stuck:
            self._stillness.still[number] = 0
        if stuck:
            _end(stuck)

    async def _is_unread(self, consumer: AIOKafkaConsumer, partition: int, at: int) -> bool:
        """Whether a committed record stands behind the cursor: an aborted tail is no lag."""
        tp = TopicPartition(self._kafka.topic(EVENTS), partition)
        consumer.assign([tp])
        consumer.seek(tp, at)
        return bool(await consumer.getmany(tp, timeout_ms=4000, max_records=1))

    def _show(self, cursors: Mapping[int, int], ends: Mapping[int, int]) -> None:
        behind = {number: max(0, end - cursors.get(number, 0)) for number, end in ends.items()}
        self._standing.behind = behind
        for number, offsets in behind.items():
            self._metrics.behind.labels(str(number)).set(offsets)


def _end(stuck: set[int]) -> None:
    log.critical("no progress, ending", extra={"partitions": sorted(stuck)})
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    sys.stderr.flush()
    os._exit(Exit.STUCK)
