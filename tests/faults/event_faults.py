"""Edits of the history: an opening has to notice each, by ending loudly or by freezing the stream."""

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry

from outdial.eventlog.ports import LogRecord
from outdial.eventlog.replay import replay
from outdial.messages.codec import Codec
from services.command.decider import CommandDecider, Rules
from services.command.metrics import Metrics
from services.command.rows import RowReader
from tests.faults.deployment import PARTITIONS
from tests.faults.ledger import partition
from tests.faults.outcome import Hit
from tests.faults.stage import Stage

TOPIC: Final = "outdial.events"
LENGTH: Final = (
    40  # events of a history; the last is not edited: only a later one can prove that it is missing
)
Edit = Callable[[list[LogRecord], int, random.Random], None]


class Unread(RowReader):
    """A fold reads no block."""

    def __init__(self) -> None:
        """Nothing to read from."""


def edits(count: int) -> Callable[[Stage], Awaitable[Hit]]:
    """So many edits of real histories, each folded as an opening does."""
    return partial(_edits, count=count)


async def _edits(stage: Stage, count: int) -> Hit:
    seed = stage.random.getrandbits(31)
    chance, codec, unnoticed = random.Random(seed), Codec(), list[str]()
    histories = [await history(stage, stream) for stream in stage.streams]
    for number in range(count):
        edited = list(chance.choice(histories))
        edit, at = chance.choice(EDITS), chance.randrange(len(edited) - 1)
        edit(edited, at, chance)
        why = noticed(codec, edited)
        if not why.startswith(("IntegrityError", "parked")):
            unnoticed.append(f"edit {number} of seed {seed}, {edit.__name__} at {at}: {why or 'not noticed'}")
    return Hit(0.0, times=count, findings=unnoticed)


async def history(stage: Stage, stream: str) -> Sequence[LogRecord]:
    """The first events of a stream."""
    found: list[LogRecord] = []
    async for _, records in replay(stage.deployment.kafka, TOPIC, {partition(stream): 0}):
        found += [record for record in records if record.key == stream.encode()]
    return found[:LENGTH]


def noticed(codec: Codec, records: Sequence[LogRecord]) -> str:
    """How an opening ends on these events; empty = it serves them as if nothing were."""
    decider = CommandDecider(
        records[0].partition, codec, Rules(PARTITIONS), Unread(), Metrics(CollectorRegistry())
    )
    try:
        for record in records:
            decider.load_event(record)
    except Exception as error:  # which one is the question
        return f"{type(error).__name__}: {error}"
    return next((f"parked: {stream.parked}" for stream in decider.streams if stream.parked), "")


def _value(records: list[LogRecord], at: int, chance: random.Random) -> None:
    value = bytearray(records[at].value or b"")
    value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
    records[at] = records[at]._replace(value=bytes(value))


def _header(records: list[LogRecord], at: int, chance: random.Random) -> None:
    headers = list(records[at].headers)
    place = chance.choice([n for n, (name, _) in enumerate(headers) if name.startswith(("ce_", "outdial_"))])
    name, content = headers[place]
    damaged = bytearray(content)
    damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(7)
    headers[place] = (name, bytes(damaged))
    records[at] = records[at]._replace(headers=tuple(headers))


def _lost(records: list[LogRecord], at: int, chance: random.Random) -> None:
    del records[at]


def _doubled(records: list[LogRecord], at: int, chance: random.Random) -> None:
    records.insert(chance.randint(at + 1, len(records)), records[at])


def _swapped(records: list[LogRecord], at: int, chance: random.Random) -> None:
    records[at], records[at + 1] = records[at + 1], records[at]


def _foreign(records: list[LogRecord], at: int, chance: random.Random) -> None:
    junk = chance.randbytes(chance.randint(0, 200))
    headers = chance.choice([(), records[at].headers[:3], (("ce_id", junk),)])
    records.insert(at, records[at]._replace(value=junk, headers=headers))


def _misplaced(records: list[LogRecord], at: int, chance: random.Random) -> None:
    key = next(f"other-{n}" for n in range(99) if partition(f"other-{n}") != records[at].partition)
    records.insert(at, records[at]._replace(key=key.encode()))


EDITS: Final[Sequence[Edit]] = (_value, _header, _lost, _doubled, _swapped, _foreign, _misplaced)
