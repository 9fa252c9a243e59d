"""Opens a partition after the fence: measure the end, fold up to it, find the next command."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import make_known
from outdial.eventlog.ports import Decider, Restorable
from outdial.eventlog.replay import replay
from outdial.eventlog.writer.bounds import Bounds, bounds
from outdial.eventlog.writer.place import place_of
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.snapshots import SnapshotFile, Tip, restored

log = logging.getLogger(__name__)
STOP_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Folded:
    """A decider that knows the whole history, and where that ends."""

    decider: Decider
    events: int  # how many were read, beside a snapshot
    tip: Tip | None  # None: there is no event yet
    results: int  # offset of the next answer
    next_command: int  # as the answers tell; 0: they do not


@dataclass(frozen=True, slots=True)
class _Start:
    decider: Decider
    tip: Tip | None
    results: int | None
    next_command: int = 0


async def fold(
    kafka: KafkaConfig, partition: int, settings: WriterSettings, file: SnapshotFile | None
) -> Folded:
    """Fold events, then the answers of the last day, from the snapshot on where there is one."""
    topics, count = settings.topics, 0
    found = await bounds(kafka, partition, settings)
    start = await _start(kafka, partition, settings, file, found.events)
    decider, tip = start.decider, start.tip
    after = {partition: tip.offset + 1 if tip is not None else 0}
    async with aclosing(replay(kafka, topics.events, after, {partition: found.events})) as batches:
        async for _, records in batches:
            for record in records:
                decider.load_event(record)
            count += len(records)
            tip = Tip.of(records[-1].offset, records[-1])
    settings.reached("during-open")
    next_command = await _fold_results(kafka, partition, settings, start, found)
    return Folded(decider, count, tip, found.results, next_command)


async def open_commands(
    kafka: KafkaConfig, partition: int, settings: WriterSettings, answered: int
) -> tuple[AIOKafkaConsumer, int]:
    """One reader for this partition alone, and the offset that the last transaction committed.

    `answered` is what the answers tell of it: a broker that has forgotten the group's offset is not believed.
    Readers of several partitions share one fetch per node, so that a drained partition waits for a full one.
    """
    tp = TopicPartition(kafka.topic(settings.topics.commands), partition)
    reader = AIOKafkaConsumer(**kafka.consumer(), group_id=kafka.topic(settings.group))
    try:
        await reader.start()
        next_command = await _next_command(reader, tp, answered)
        reader.seek(tp, next_command)
        reader.resume(tp)
    except BaseException:
        await closed(reader.stop(), STOP_TIMEOUT_S)
        raise
    return reader, next_command


async def _next_command(reader: AIOKafkaConsumer, tp: TopicPartition, answered: int) -> int:
    committed: int | None = await reader.committed(tp)
    make_known(reader, [tp])
    first, end = await asyncio.gather(reader.beginning_offsets([tp]), reader.end_offsets([tp]))
    if committed is None:
        committed = first[tp]
    answered = min(answered, end[tp])
    if committed < answered:
        told = {"partition": tp.partition, "committed": committed, "answered": answered}
        log.error("the broker has forgotten the group's offset", extra=told)
    return max(committed, answered)


async def _start(
    kafka: KafkaConfig, partition: int, settings: WriterSettings, file: SnapshotFile | None, end: int
) -> _Start:
    decider = settings.decider(partition)
    snapshot = file.load() if file is not None and isinstance(decider, Restorable) else None
    if file is None or snapshot is None or not isinstance(decider, Restorable):
        return _Start(decider, None, None)
    if snapshot.tip.offset >= end or not await _is_of_this_log(
        kafka, settings.topics.events, partition, snapshot.tip
    ):
        file.ignore(f"the log does not have its last event at {snapshot.tip.offset}")
        return _Start(decider, None, None)
    if not restored(file, snapshot, decider.restore):
        return _Start(settings.decider(partition), None, None)  # half a state may be in the former one
    return _Start(decider, snapshot.tip, snapshot.results, snapshot.next_command)


async def _is_of_this_log(kafka: KafkaConfig, topic: str, partition: int, tip: Tip) -> bool:
    """Whether the snapshot's last event is in the log where it says: not when it is of another log."""
    async with aclosing(replay(kafka, topic, {partition: tip.offset}, {partition: tip.offset + 1})) as found:
        async for _, records in found:
            return Tip.of(records[0].offset, records[0]) == tip
    return False


async def _fold_results(
    kafka: KafkaConfig, partition: int, settings: WriterSettings, start: _Start, found: Bounds
) -> int:
    """The command that comes next as the answers tell."""
    next_command = start.next_command
    first = start.results if start.results is not None else found.first_result
    if first is None:
        return next_command
    between = {partition: first}, {partition: found.results}
    async with aclosing(replay(kafka, settings.topics.results, *between)) as batches:
        async for _, records in batches:
            for record in records:
                start.decider.load_result(record)
                next_command = max(next_command, place_of(record))
    return next_command
