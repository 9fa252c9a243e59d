"""Opens a partition after the fence: measure the end, fold up to it, find the next command."""

import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import high_watermarks, offsets_at
from outdial.eventlog.ports import Decider, Restorable
from outdial.eventlog.replay import replay
from outdial.eventlog.writer.place import place_of
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.snapshots import Snapshot, SnapshotFile, Tip, restored

log = logging.getLogger(__name__)
STOP_TIMEOUT_S: Final = 5.0
LAST_ANSWERS: Final = 600  # more than two transactions of the largest batch, their markers, and some


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
    """Fold events, then the answers of the last day, from the snapshot on where there is one.

    The end is the high watermark after the fence: nothing can be appended behind it by anybody else.
    """
    topics, count = settings.topics, 0
    start = await _start(kafka, partition, settings, file)
    decider, tip = start.decider, start.tip
    after = {partition: tip.offset + 1 if tip is not None else 0}
    async with aclosing(replay(kafka, topics.events, after)) as batches:
        async for _, records in batches:
            for record in records:
                decider.load_event(record)
            count += len(records)
            tip = Tip.of(records[-1].offset, records[-1])
    settings.reached("during-open")
    results, next_command = await _fold_results(kafka, partition, settings, start)
    return Folded(decider, count, tip, results, next_command)


async def open_commands(
    kafka: KafkaConfig, partition: int, settings: WriterSettings, answered: int
) -> tuple[AIOKafkaConsumer, int]:
    """One reader for this partition alone, and the offset that the last transaction committed.

    `answered` is what the answers tell of it: a broker that has forgotten the group's offset is not believed.
    Readers of several partitions share one fetch per node, so that a drained partition waits for a full one.
    """
    tp = TopicPartition(kafka.topic(settings.topics.commands), partition)
    reader = AIOKafkaConsumer(**kafka.consumer(), group_id=kafka.topic(settings.group))
    reader.assign([tp])
    try:
        await reader.start()
        next_command = await _next_command(reader, tp, answered)
        reader.seek(tp, next_command)
    except BaseException:
        await closed(reader.stop(), STOP_TIMEOUT_S)
        raise
    return reader, next_command


async def _next_command(reader: AIOKafkaConsumer, tp: TopicPartition, answered: int) -> int:
    committed: int | None = await reader.committed(tp)
    if committed is None:
        committed = (await reader.beginning_offsets([tp]))[tp]
    answered = min(answered, (await reader.end_offsets([tp]))[tp])
    if committed < answered:
        told = {"partition": tp.partition, "committed": committed, "answered": answered}
        log.error("the broker has forgotten the group's offset", extra=told)
    return max(committed, answered)


async def _start(
    kafka: KafkaConfig, partition: int, settings: WriterSettings, file: SnapshotFile | None
) -> _Start:
    decider = settings.decider(partition)
    snapshot = file.load() if file is not None and isinstance(decider, Restorable) else None
    if file is None or snapshot is None or not isinstance(decider, Restorable):
        return _Start(decider, None, None)
    if not await _is_of_this_log(kafka, settings.topics.events, partition, snapshot):
        file.ignore(f"the log does not have its last event at {snapshot.tip.offset}")
        return _Start(decider, None, None)
    if not restored(file, snapshot, decider.restore):
        return _Start(settings.decider(partition), None, None)  # half a state may be in the former one
    return _Start(decider, snapshot.tip, snapshot.results, snapshot.next_command)


async def _is_of_this_log(kafka: KafkaConfig, topic: str, partition: int, snapshot: Snapshot) -> bool:
    """Whether the snapshot's last event is in the log where it says: not when it is newer, or of another log."""
    tip = snapshot.tip
    if tip.offset >= (await high_watermarks(kafka, topic, [partition]))[partition]:
        return False
    async with aclosing(replay(kafka, topic, {partition: tip.offset}, {partition: tip.offset + 1})) as found:
        async for _, records in found:
            return Tip.of(records[0].offset, records[0]) == tip
    return False


async def _fold_results(
    kafka: KafkaConfig, partition: int, settings: WriterSettings, start: _Start
) -> tuple[int, int]:
    """Where the answers end, and the command that comes next as they tell."""
    topic, next_command = settings.topics.results, start.next_command
    end = (await high_watermarks(kafka, topic, [partition]))[partition]
    first = (
        start.results if start.results is not None else await _first_result(kafka, partition, settings, end)
    )
    if first is None:
        return end, next_command
    async with aclosing(replay(kafka, topic, {partition: first}, {partition: end})) as batches:
        async for _, records in batches:
            for record in records:
                start.decider.load_result(record)
                next_command = max(next_command, place_of(record))
    return end, next_command


async def _first_result(kafka: KafkaConfig, partition: int, settings: WriterSettings, end: int) -> int | None:
    """The first answer of the last day, and a few older ones of a partition that rested: they tell where it stands."""
    topic, since = settings.topics.results, settings.clock() - settings.results_window_us
    oldest = (await offsets_at(kafka, topic, [partition], 0))[partition]
    if oldest is None:
        return None
    found = (await offsets_at(kafka, topic, [partition], since))[partition]
    last = max(oldest, end - LAST_ANSWERS)
    return last if found is None else min(found, last)
