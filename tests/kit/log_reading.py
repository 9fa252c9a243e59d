"""Reads the whole log as an auditor would: from the broker, with the published schemas, without our code."""

import asyncio
import io
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from fastavro.schema import fingerprint, to_parsing_canonical_form

SCHEMAS = Path(__file__).parents[2] / "schemas"
READ_TIMEOUT_S = 60.0
TOPICS = ("quarantine", "results", "events", "commands")


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of one topic, decoded; `name` is empty when its bytes are no message."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: str
    name: str
    fields: dict[str, Any]
    headers: dict[str, bytes]
    raw: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name, b"").decode(errors="replace")

    @property
    def sequence(self) -> int:
        """0 when it has none."""
        told = self.header("ce_sequence")
        return int(told) if told.isdecimal() else 0

    @property
    def epoch(self) -> int:
        """-1 when it has none."""
        told = self.header("outdial_epoch")
        return int(told) if told.isdecimal() else -1

    @property
    def where(self) -> str:
        """Its place as people and alarms name it, `events/3@17`."""
        return f"{self.topic.rpartition('.')[2]}/{self.partition}@{self.offset}"


@dataclass(frozen=True, slots=True)
class Log:
    """Everything that was committed, by topic, partition after partition."""

    commands: list[Entry]
    events: list[Entry]
    results: list[Entry]
    partitions: int
    quarantine: list[Entry] = field(default_factory=list)

    def of(self, stream: str) -> list[Entry]:
        """The events of one stream, in the order of the log."""
        return [entry for entry in self.events if entry.key == stream]


@cache
def published() -> dict[bytes, tuple[str, Any]]:
    """Every schema by the fingerprint that frames carry."""
    found: dict[bytes, tuple[str, Any]] = {}
    for path in SCHEMAS.glob("*/*.avsc"):
        schema: Any = fastavro.parse_schema(json.loads(path.read_text()))
        mark = fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO")
        found[bytes.fromhex(mark)] = (path.stem, schema)
    return found


async def read_log(bootstrap: str, prefix: str = "") -> Log:
    """Read commands, events, results and quarantine to their high watermarks, committed records only."""
    topics = [f"{prefix}outdial.{name}" for name in TOPICS]
    count = await _partitions(bootstrap, topics[0])
    ends = await _high_watermarks(bootstrap, topics, count)
    schemas = published()
    found: dict[str, list[Entry]] = {topic: [] for topic in topics}
    for tp, records in (await _read(bootstrap, ends)).items():
        found[tp.topic] += [_decode(record, schemas) for record in records if record.offset < ends[tp]]
    quarantine, results, events, commands = (found[topic] for topic in topics)
    return Log(commands, events, results, count, quarantine)


async def _partitions(bootstrap: str, topic: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
        return len(described["partitions"])
    finally:
        await admin.close()


async def _high_watermarks(bootstrap: str, topics: list[str], count: int) -> dict[TopicPartition, int]:
    """Answers first: in a log that still grows, the events of an answer that will be read are there."""
    raw = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_uncommitted")
    await raw.start()
    try:
        parts = {topic: [TopicPartition(topic, part) for part in range(count)] for topic in topics}
        raw.assign(
            [tp for tps in parts.values() for tp in tps]
        )  # or it sleeps at the first word of each topic
        raw.pause(*raw.assignment())
        ends: dict[TopicPartition, int] = {}
        for tps in parts.values():
            ends |= await raw.end_offsets(tps)
        return ends
    finally:
        await raw.stop()


async def _read(bootstrap: str, ends: dict[TopicPartition, int]) -> dict[TopicPartition, list[Any]]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 << 20,
    )
    found: dict[TopicPartition, list[Any]] = {tp: [] for tp in ends}
    await consumer.start()
    try:
        consumer.assign(list(ends))
        await consumer.seek_to_beginning(*ends)
        async with asyncio.timeout(READ_TIMEOUT_S):  # an open transaction must not look like the end
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                    found[tp] += records
        return found
    finally:
        await consumer.stop()


def _decode(record: Any, schemas: dict[bytes, tuple[str, Any]]) -> Entry:
    value: bytes = record.value or b""
    name, fields = _read_value(value, schemas)
    key = (record.key or b"").decode(errors="replace")
    return Entry(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        key,
        name,
        fields,
        {name: content or b"" for name, content in record.headers},
        value,
    )


def _read_value(value: bytes, schemas: dict[bytes, tuple[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Name and fields; an empty name when the bytes are no message that anybody published."""
    if value[:2] != b"\xc3\x01" or value[2:10] not in schemas:
        return "", {}
    name, schema = schemas[value[2:10]]
    body = io.BytesIO(value[10:])
    try:
        fields: Any = fastavro.schemaless_reader(body, schema, None)
    except Exception:  # whatever the damage leads to
        return "", {}
    return (name, fields) if body.tell() == len(value) - 10 else ("", {})
