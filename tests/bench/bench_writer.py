"""The writer with the real domain, against transactions and codec calls as bare as they can be; then the replay."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import aiokafka.producer.sender
from prometheus_client import CollectorRegistry

from outdial.campaign.events import Event
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord, Message
from outdial.eventlog.replay import BATCH, reader_at, replay
from outdial.eventlog.writer.ownership import FixedOwnership
from outdial.eventlog.writer.settings import WriterSettings
from outdial.runtime.service import OBJECTS_BEFORE_COLLECTION
from services.command.decider import CommandDecider, Rules
from services.command.metrics import Metrics
from services.command.rows import RowReader, Rows
from services.command.streams import Stream, Streams
from tests.bench.bare_writer import bare_cost
from tests.bench.logs import CODEC, TIMEOUT_S, append, fact_commands, small_commands
from tests.bench.measuring import ROUNDS, Line, Place, Rounds, Span, span
from tests.kit.fresh_log import fresh_log
from tests.kit.until import until

CAMPAIGNS: Final = 100
EACH: Final = 150
TRANSACTION: Final = 256
FACT_ROWS: Final = 50_000
FIRST: Final = 4  # commands that make a campaign
US: Final = 1_000_000


class NoRows(RowReader):
    """No upload comes here: nothing is read, nothing is indexed."""

    def __init__(self) -> None:
        pass

    def living(self, partition: int, before_us: int) -> list[str]:
        """No block was ever written."""
        return []

    def replaced(self, partition: int) -> list[str]:
        """Nor rewritten."""
        return []

    async def read(self, command: Any, partition: int) -> Rows:
        """Numbers that are different ones for each row stand for the hashes."""
        first = command.chunk * len(command.row)
        return Rows(range(first, first + len(command.row)))

    async def load_index(self, stream: Stream, partition: int) -> None:
        """There is none."""

    def index(self, stream: Stream, events: Sequence[Event], rows: Rows) -> None:
        """Nothing to index."""


def run(place: Place) -> Sequence[Line]:
    """Rounds of writer and bare transactions one after the other; replays of the last round's log."""
    return asyncio.run(_run(place))


async def _run(place: Place) -> Sequence[Line]:
    rounds = Rounds()
    aiokafka.producer.sender.BACKOFF_OVERRIDE = 0.002  # as the writer sets it
    gc.set_threshold(*OBJECTS_BEFORE_COLLECTION)  # as services do
    for number in range(ROUNDS):
        kafka = await fresh_log(place.bootstrap, f"w{number}-")
        now_us = time.time_ns() // 1000
        commands = small_commands(CAMPAIGNS, EACH, now_us)
        await append(kafka, "outdial.commands", commands)
        async with _serving(kafka) as answered:
            await answered(FIRST * CAMPAIGNS)  # opened, and every campaign has its record
            with span([place.broker_pid]) as drained:
                await answered(len(commands))
        events, results = await _log(kafka, "outdial.events"), await _log(kafka, "outdial.results")
        assert len(events) == len(results) == len(commands), (len(events), len(results), len(commands))
        bare = [Message(r.key, r.value, r.headers) for r in results]
        with span([place.broker_pid]) as transactions:
            await append(kafka, "outdial.quarantine", [*bare, *bare], TRANSACTION)
        measured = len(commands) - FIRST * CAMPAIGNS
        _note(rounds, "writer", drained, 2 * measured)
        _note(rounds, "bare", transactions, 2 * len(bare))
        rounds.add("writer us", drained.own_cpu_s / measured * US)
        for name, of_bare in (await bare_cost(kafka, events, results)).us(len(commands)).items():
            rounds.add(f"{name} us", of_bare)
        await _replays(kafka, rounds)
        await _facts(place, rounds, number)
    return _lines(rounds)


@asynccontextmanager
async def _serving(kafka: KafkaConfig) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """A writer in this process; gives what waits until it has answered so many commands."""
    settings = WriterSettings(
        lambda partition: CommandDecider(partition, CODEC, Rules(1), NoRows(), Metrics(CollectorRegistry())),
        lambda: time.time_ns() // 1000,
    )
    stop, ownership = asyncio.Event(), FixedOwnership(kafka, settings, [0])
    serving = asyncio.create_task(ownership.run(stop))

    async def answered(count: int) -> None:
        def is_so() -> bool:
            if serving.done():
                serving.result()
            writer = ownership.writers.by_partition.get(0)
            return writer is not None and writer.next_command >= count

        await until(is_so, f"{count} commands are answered", TIMEOUT_S)

    try:
        yield answered
    finally:
        stop.set()
        await asyncio.wait_for(serving, TIMEOUT_S)


async def _facts(place: Place, rounds: Rounds, number: int) -> None:
    """Rows of claims and outcomes in full columns, through a writer that knows the campaign."""
    kafka = await fresh_log(place.bootstrap, f"f{number}-")
    first, facts = fact_commands(FACT_ROWS, time.time_ns() // 1000)
    await append(kafka, "outdial.commands", first)
    async with _serving(kafka) as answered:
        await answered(len(first))
        with span([place.broker_pid]) as spent:
            await append(kafka, "outdial.commands", facts)
            await answered(len(first) + len(facts))
    events = await _log(kafka, "outdial.events")
    assert len(events) == len(first) + len(facts), (len(events), len(first), len(facts))
    _note(rounds, "facts", spent, 2 * FACT_ROWS)
    rounds.add("facts per cpu", 2 * FACT_ROWS / spent.own_cpu_s)
    began = time.process_time()
    await _fold(kafka)
    rounds.add(
        "columns", 3 * FACT_ROWS / (time.process_time() - began)
    )  # each record, its claim, its outcome


async def _log(kafka: KafkaConfig, topic: str) -> list[LogRecord]:
    found: list[LogRecord] = []
    async with aclosing(replay(kafka, topic, {0: 0})) as batches:
        async for _, records in batches:
            found += records
    return found


async def _replays(kafka: KafkaConfig, rounds: Rounds) -> None:
    """Messages per CPU second of the client: fetched alone, then replayed, decoded, checked and folded."""
    count, end = 0, (await _log(kafka, "outdial.events"))[-1].offset + 1
    gc.collect()
    gc.freeze()  # what this benchmark holds itself: no service would look through it
    began = time.process_time()
    async with reader_at(kafka, "outdial.events", {0: 0}) as consumer:
        at = 0
        while at < end:
            for records in (await consumer.getmany(timeout_ms=200, max_records=BATCH)).values():
                count, at = count + len(records), records[-1].offset + 1
    rounds.add("getmany", count / (time.process_time() - began))
    began = time.process_time()
    await _fold(kafka)
    rounds.add("replay", count / (time.process_time() - began))
    gc.unfreeze()


async def _fold(kafka: KafkaConfig) -> None:
    streams = Streams(CODEC)
    async with aclosing(replay(kafka, "outdial.events", {0: 0})) as batches:
        async for _, found in batches:
            for record in found:
                streams.load(record)


def _note(rounds: Rounds, name: str, told: Span, messages: int) -> None:
    rounds.add(f"{name} rate", messages / told.wall_s)
    rounds.add(f"{name} cpu", told.own_cpu_s)
    rounds.add(f"{name} broker", told.other_cpu_s)


def _lines(rounds: Rounds) -> Sequence[Line]:
    rates = {name: rounds.median(name) for name in ("writer rate", "bare rate", "getmany", "replay")}
    costs = ", ".join(
        f"{name} {rounds.median(f'{name} cpu'):.1f} s + broker {rounds.median(f'{name} broker'):.1f} s"
        for name in ("writer", "bare")
    )
    speeds = f"{rates['writer rate']:,.0f} against {rates['bare rate']:,.0f}/s; CPU {costs}"
    us = {name: rounds.median(f"{name} us") for name in ("writer", "codec", "whole", "bare writer")}
    per = {name: f"{us['writer']:.0f} against {of:.1f} us" for name, of in us.items()}
    replays = f"{rates['replay']:,.0f} against {rates['getmany']:,.0f} per CPU s"
    return [
        Line(
            "writer messages/s to bare transactions of 256",
            rounds.ratio("writer rate", "bare rate"),
            ">= 0.5",
            beside=speeds,
        ),
        Line(
            "writer CPU per command to decode + two encodes of whole messages",
            rounds.ratio("writer us", "whole us"),
            "<= 4",
            beside=per["whole"],
        ),
        Line(
            "writer CPU per command to decode + two encodes of the values without their envelopes",
            rounds.ratio("writer us", "codec us"),
            beside=per["codec"],
        ),
        Line(
            "writer CPU per command to a writer without rules",
            rounds.ratio("writer us", "bare writer us"),
            beside=per["bare writer"],
        ),
        Line(
            "replay, decode and fold to raw getmany",
            rounds.ratio("replay", "getmany"),
            ">= 0.18",
            beside=replays,
        ),
        Line("replay of columnar batches", rounds.median("columns"), ">= 1000000", "rows per CPU s"),
        Line(
            "facts in columnar batches through the writer",
            rounds.median("facts rate"),
            ">= 50000",
            "rows/s",
            f"{rounds.median('facts per cpu'):,.0f} rows per CPU s of the writer",
        ),
    ]
