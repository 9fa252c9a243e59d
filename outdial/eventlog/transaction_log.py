"""Reads what the broker's coordinator decided about transactions, from its own log (`__transaction_state`)."""

from collections.abc import Iterable
from enum import Enum
from io import BytesIO
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol.types import (
    Array,
    CompactArray,
    CompactString,
    Int8,
    Int16,
    Int32,
    Int64,
    Schema,
    String,
    TaggedFields,
)

from outdial.eventlog.kafka import KafkaConfig, connected, log_record
from outdial.eventlog.offsets import first_since, make_known
from outdial.eventlog.ports import LogRecord, LogUnavailable

TOPIC: Final = "__transaction_state"
CLOCKS_DIFFER_MS: Final = 60_000  # the time of a partition's leader, looked up in the coordinator's log
READ_TIMEOUT_MS: Final = 5_000

# TransactionLogKey and TransactionLogValue of Kafka's message definitions
_KEY: Final = Schema(("version", Int16), ("transactional_id", String("utf-8")))
_HEAD: Final = (("producer_id", Int64), ("epoch", Int16), ("timeout_ms", Int32), ("status", Int8))
_VALUES: Final = {
    0: Schema(*_HEAD, ("partitions", Array(("topic", String("utf-8")), ("ids", Array(Int32))))),
    1: Schema(
        *_HEAD,
        (
            "partitions",
            CompactArray(
                ("topic", CompactString("utf-8")), ("ids", CompactArray(Int32)), ("tags", TaggedFields)
            ),
        ),
    ),
}


class Outcome(Enum):
    """How a transaction ends."""

    COMMITTED = "committed"
    ABORTED = "aborted"


_DECIDED: Final = {2: Outcome.COMMITTED, 3: Outcome.ABORTED}  # PrepareCommit, PrepareAbort


class Decided(NamedTuple):
    """The coordinator's word on one transaction, written before the first marker."""

    transactional_id: str
    outcome: Outcome
    partitions: frozenset[TopicPartition]


async def outcome_of(
    kafka: KafkaConfig, transactional_id: str, tp: TopicPartition, last_ms: int
) -> Outcome | None:
    """How the last transaction of this id in this partition was to end; its last record there is of `last_ms`.

    None when the coordinator's log has nothing of it any more. Raises KafkaError (that log needs a right to be read)
    and LogUnavailable.
    """
    found = None
    async with connected(kafka, **kafka.consumer() | {"isolation_level": "read_uncommitted"}) as consumer:
        for record in await _records(consumer, transactional_id, last_ms - CLOCKS_DIFFER_MS):
            decided = decided_in(record)
            if decided and decided.transactional_id == transactional_id and tp in decided.partitions:
                found = decided.outcome
    return found


def decided_in(record: LogRecord) -> Decided | None:
    """What a record of the coordinator's log decides; None when it is of another state, or of another kind."""
    if record.key is None or record.value is None:
        return None
    key_version, name = _KEY.decode(BytesIO(record.key))
    value = BytesIO(record.value)
    version = Int16.decode(value)
    if key_version != 0 or version not in _VALUES:
        return None
    _, _, _, status, partitions = _VALUES[version].decode(value)
    if status not in _DECIDED:
        return None
    return Decided(name, _DECIDED[status], frozenset(_named(partitions or ())))


def java_hash(name: str) -> int:
    """The absolute hash by which a broker finds the partition of an id or a group (Java's String.hashCode)."""
    found, units = 0, name.encode("utf-16-be")
    for at in range(0, len(units), 2):
        found = (31 * found + int.from_bytes(units[at : at + 2])) & 0xFFFFFFFF
    return 0 if found == 1 << 31 else abs(found - (1 << 32) if found >> 31 else found)


async def _records(consumer: AIOKafkaConsumer, transactional_id: str, since_ms: int) -> list[LogRecord]:
    """All of its partition since that instant, to the end as it is now."""
    count = len(await consumer._client._wait_on_metadata(TOPIC))
    tp = TopicPartition(TOPIC, java_hash(transactional_id) % count)
    make_known(consumer, [tp])
    first = (await first_since(consumer, [tp], max(0, since_ms)))[tp]
    end = (await consumer.end_offsets([tp]))[tp]
    if first is None:
        return []
    consumer.seek(tp, first)
    consumer.resume(tp)
    records: list[LogRecord] = []
    while await consumer.position(tp) < end:
        fetched = await consumer.getmany(timeout_ms=READ_TIMEOUT_MS)
        if not fetched:
            raise LogUnavailable(f"{TOPIC} cannot be read to {end}")
        records += [log_record(record) for record in fetched.get(tp, ())]
    return records


def _named(partitions: Iterable[tuple[object, ...]]) -> Iterable[TopicPartition]:
    for topic, ids, *_ in partitions:
        yield from (TopicPartition(topic, one) for one in ids)  # type: ignore[attr-defined]  # aiokafka ships no types
