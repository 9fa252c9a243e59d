"""Asks in one go where the events and answers of a partition end, once its former owner is fenced."""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.offsets import asking, first_since
from outdial.eventlog.writer.settings import WriterSettings

LAST_ANSWERS: Final = 600  # more than two transactions of the largest batch, their markers, and some


@dataclass(frozen=True, slots=True)
class Bounds:
    """High watermarks, uncommitted records included; `first_result` is None when there is no answer at all."""

    events: int
    results: int
    first_result: int | None


async def bounds(kafka: KafkaConfig, partition: int, settings: WriterSettings) -> Bounds:
    """Where the partition ends: after the fence nothing can be appended behind it by anybody else.

    Answers are read from the first one of the last day on, and a few older ones of a partition that rested: they tell
    where it stands.
    """
    topics, since_us = settings.topics, settings.clock() - settings.results_window_us
    events, results = (
        TopicPartition(kafka.topic(name), partition) for name in (topics.events, topics.results)
    )
    async with asking(kafka, [events, results]) as consumer:
        ends, oldest, found = await asyncio.gather(
            consumer.end_offsets([events, results]),
            first_since(consumer, [results], 0),
            first_since(consumer, [results], since_us // 1000),
        )
    return Bounds(ends[events], ends[results], _first(ends[results], oldest[results], found[results]))


def _first(end: int, oldest: int | None, since: int | None) -> int | None:
    if oldest is None:
        return None
    last = max(oldest, end - LAST_ANSWERS)
    return last if since is None else min(since, last)
