"""Finds transactions that the broker never ended in a partition, and ends them as their coordinator had decided.

A broker that dies while it writes the markers of a transaction may count them as written when it is back: readers then
wait in that partition for ever (docs/decisions/2026-11-26-ending-what-hangs.md). The requests are KIP-664's.
"""

import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    IncompatibleBrokerVersion,
    KafkaError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    for_code,
)

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.transaction_log import Outcome, java_hash, outcome_of
from outdial.eventlog.writer.marker_requests import DescribeProducers, Marker, WriteMarkers

log = logging.getLogger(__name__)
GROUP_OFFSETS: Final = "__consumer_offsets"
UNABLE: Final = (IncompatibleBrokerVersion, NotImplementedError)
"""The client's words for a broker that does not know a request, or no version of it that the client does."""


class Hanging(NamedTuple):
    """An open transaction of a producer in one partition; `last_ms`: its last record's time."""

    tp: TopicPartition
    producer_id: int
    epoch: int
    coordinator_epoch: int
    last_ms: int


async def partitions_of(
    client: AIOKafkaClient, topics: Iterable[str], partition: int, group: str
) -> list[TopicPartition]:
    """Every partition that a transaction of this writer may reach, its group's offsets included."""
    found = [TopicPartition(name, partition) for name in topics]
    known = await client.fetch_all_metadata()
    if offsets := known.partitions_for_topic(GROUP_OFFSETS):  # a young broker has none yet
        found.append(TopicPartition(GROUP_OFFSETS, java_hash(group) % len(offsets)))
    await client.set_topics([tp.topic for tp in found])
    return found


async def hanging(
    client: AIOKafkaClient, producer_id: int, epochs: range, tps: Sequence[TopicPartition]
) -> list[Hanging]:
    """Transactions that a producer has open in these partitions, in one of these epochs of its.

    Later epochs are those of a writer that has fenced us since: its transactions are its own. Brokers that cannot tell
    (Apache Kafka can since 2.8) are believed to have none.
    """
    try:
        return [
            _found(tp, one)
            async for tp, producers in _described(client, tps)
            for one in producers
            if one["current_txn_start_offset"] >= 0
            and one["producer_id"] == producer_id
            and one["producer_epoch"] in epochs
        ]
    except UNABLE as error:
        log.warning("the broker cannot tell which transactions hang", extra={"why": str(error)})
        return []


async def end_hanging(
    kafka: KafkaConfig, client: AIOKafkaClient, transactional_id: str, one: Hanging
) -> None:
    """Write the marker that is missing. What its coordinator had decided is in the coordinator's own log; where that
    says nothing, or may not be read, the transaction is left to an operator."""
    told = {"topic": one.tp.topic, "partition": one.tp.partition, "producer": one.producer_id}
    try:
        outcome = await outcome_of(kafka, transactional_id, one.tp, one.last_ms)
        if outcome is None:
            log.error("a transaction hangs, and nothing tells how it was to end", extra=told)
            return
        await end(client, one, outcome)
    except (KafkaError, *UNABLE) as error:
        log.error("a transaction hangs and cannot be ended", extra=told | {"why": repr(error)})
    else:
        log.warning("a transaction that hung was ended", extra=told | {"outcome": outcome.value})


async def end(client: AIOKafkaClient, one: Hanging, outcome: Outcome) -> None:
    """Write one marker, as the coordinator would have. Raises KafkaError: the Alter right on the cluster is needed."""
    marker = Marker(one.producer_id, one.epoch, outcome is Outcome.COMMITTED, one.tp, one.coordinator_epoch)
    told = (await client.send(_leader(client, one.tp), WriteMarkers(marker))).to_object()
    for topic in told["markers"][0]["topics"]:
        for partition in topic["partitions"]:
            if partition["error_code"]:
                raise for_code(partition["error_code"])


async def _described(
    client: AIOKafkaClient, tps: Sequence[TopicPartition]
) -> AsyncIterator[tuple[TopicPartition, list[dict[str, Any]]]]:
    by_leader = defaultdict(list)
    for tp in tps:
        by_leader[_leader(client, tp)].append(tp)
    for leader, led in by_leader.items():
        answer = (await client.send(leader, DescribeProducers(led))).to_object()
        for topic in answer["topics"]:
            for partition in topic["partitions"]:
                tp = TopicPartition(topic["name"], partition["partition_index"])
                if (error := partition["error_code"]) and not _is_let_be(tp, error):
                    raise for_code(error)(f"{tp.topic}-{tp.partition}")
                yield tp, partition["active_producers"]


def _found(tp: TopicPartition, one: Mapping[str, int]) -> Hanging:
    coordinator_epoch = max(0, one["coordinator_epoch"])  # -1: it has written no marker there before
    return Hanging(tp, one["producer_id"], one["producer_epoch"], coordinator_epoch, one["last_timestamp"])


def _is_let_be(tp: TopicPartition, error: int) -> bool:
    """What hangs in the group's offsets only keeps them from compaction: without the right to read them, let it be."""
    return tp.topic == GROUP_OFFSETS and for_code(error) is TopicAuthorizationFailedError


def _leader(client: AIOKafkaClient, tp: TopicPartition) -> int:
    leader: int | None = client.cluster.leader_for_partition(tp)
    if leader is None or leader < 0:
        raise LeaderNotAvailableError(f"{tp.topic}-{tp.partition}")
    return leader
