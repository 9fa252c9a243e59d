"""Opens a partition after the fence: measure the end, fold up to it, find the next command."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import high_watermarks, offsets_at
from outdial.eventlog.ports import Decider
from outdial.eventlog.replay import replay
from outdial.eventlog.writer.settings import WriterSettings


async def fold(kafka: KafkaConfig, partition: int, settings: WriterSettings, decider: Decider) -> int:
    """Fold events, then the answers of the last day; returns the number of events.

    The end is the high watermark after the fence: nothing can be appended behind it by anybody else.
    """
    topics, count = settings.topics, 0
    async for _, records in replay(kafka, topics.events, {partition: 0}):
        for record in records:
            decider.load_event(record)
        count += len(records)
    settings.crash("during-open")
    since = settings.clock() - settings.results_window_us
    found = (await offsets_at(kafka, topics.results, [partition], since))[partition]
    ends = await high_watermarks(kafka, topics.results, [partition])
    start = ends[partition] if found is None else found
    async for _, records in replay(kafka, topics.results, {partition: start}, ends):
        for record in records:
            decider.load_result(record)
    return count


async def open_commands(
    kafka: KafkaConfig, partition: int, settings: WriterSettings
) -> tuple[AIOKafkaConsumer, int]:
    """One reader for this partition alone, and the offset that the last transaction committed.

    Readers of several partitions share one fetch per node, so that a drained partition waits for a full one.
    """
    tp = TopicPartition(kafka.topic(settings.topics.commands), partition)
    reader = AIOKafkaConsumer(**kafka.consumer(), group_id=kafka.topic(settings.group))
    reader.assign([tp])
    await reader.start()
    committed = await reader.committed(tp)
    if committed is None:
        committed = (await reader.beginning_offsets([tp]))[tp]
    reader.seek(tp, committed)
    return reader, committed
