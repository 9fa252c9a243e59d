"""Two requests that aiokafka lacks, as Kafka's message definitions have them: who has written, and markers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

NO_TAGS: Final[Mapping[int, bytes]] = {}
_NAME: Final = ("name", CompactString("utf-8"))
_TAGS: Final = ("tags", TaggedFields)
_TOPICS: Final = CompactArray(_NAME, ("partition_indexes", CompactArray(Int32)), _TAGS)


def _of_each_partition(*fields: tuple[str, Any]) -> CompactArray:
    """What a broker answers by topic and partition: the index, the error, and these."""
    partitions = CompactArray(("partition_index", Int32), ("error_code", Int16), *fields, _TAGS)
    return CompactArray(_NAME, ("partitions", partitions), _TAGS)


class _Producers(Response):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 61
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            _of_each_partition(
                ("error_message", CompactString("utf-8")),
                (
                    "active_producers",
                    CompactArray(
                        ("producer_id", Int64),
                        ("producer_epoch", Int32),
                        ("last_sequence", Int32),
                        ("last_timestamp", Int64),
                        ("coordinator_epoch", Int32),
                        ("current_txn_start_offset", Int64),
                        _TAGS,
                    ),
                ),
            ),
        ),
        _TAGS,
    )


class _ProducersStruct(RequestStruct):  # type: ignore[misc]  # aiokafka ships no types
    FLEXIBLE_VERSION = True
    API_KEY = 61
    API_VERSION = 0
    RESPONSE_TYPE = _Producers
    SCHEMA = Schema(("topics", _TOPICS), _TAGS)


class DescribeProducers(Request[_ProducersStruct]):  # type: ignore[misc]  # aiokafka ships no types
    """Asks the leader of these partitions who has written to them."""

    API_KEY = 61

    def __init__(self, tps: Sequence[TopicPartition]) -> None:
        by_topic: dict[str, list[int]] = defaultdict(list)
        for tp in tps:
            by_topic[tp.topic].append(tp.partition)
        self._topics = [(topic, partitions, NO_TAGS) for topic, partitions in by_topic.items()]

    def build(self, request_struct_class: type[_ProducersStruct]) -> _ProducersStruct:
        return request_struct_class(self._topics, NO_TAGS)


class _Written(Response):  # type: ignore[misc]  # aiokafka ships no types
    API_KEY = 27
    API_VERSION = 1
    SCHEMA = Schema(
        ("markers", CompactArray(("producer_id", Int64), ("topics", _of_each_partition()), _TAGS)), _TAGS
    )


class _WriteStruct(RequestStruct):  # type: ignore[misc]  # aiokafka ships no types
    FLEXIBLE_VERSION = True
    API_KEY = 27
    API_VERSION = 1
    RESPONSE_TYPE = _Written
    SCHEMA = Schema(
        (
            "markers",
            CompactArray(
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("transaction_result", Boolean),
                ("topics", _TOPICS),
                ("coordinator_epoch", Int32),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class Marker(NamedTuple):
    """The end of a producer's transaction in one partition."""

    producer_id: int
    epoch: int
    is_commit: bool
    tp: TopicPartition
    coordinator_epoch: int


class WriteMarkers(Request[_WriteStruct]):  # type: ignore[misc]  # aiokafka ships no types
    """Tells the leader of a partition how a transaction ended there, as its coordinator does."""

    API_KEY = 27

    def __init__(self, marker: Marker) -> None:
        self._marker = marker

    def build(self, request_struct_class: type[_WriteStruct]) -> _WriteStruct:
        marker = self._marker
        topics = [(marker.tp.topic, [marker.tp.partition], NO_TAGS)]
        written = (
            marker.producer_id,
            marker.epoch,
            marker.is_commit,
            topics,
            marker.coordinator_epoch,
            NO_TAGS,
        )
        return request_struct_class([written], NO_TAGS)
