"""A service with one of its guards removed: the negative control, which the judge has to catch.

`python -m tests.faults.unguarded command known-commands`; every name of GUARDS is such a switch.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.writer import opening, session
from outdial.eventlog.writer.opening import Folded, fold
from outdial.eventlog.writer.settings import WriterSettings
from outdial.eventlog.writer.snapshots import SnapshotFile
from outdial.eventlog.writer.transactions import Transactions
from outdial.views import fold as views_fold
from outdial.views.facts import Fact
from services.command import __main__ as command
from services.command.decider import CommandDecider
from services.projection import __main__ as projection
from services.projection.handler import ProjectionHandler


def known_commands() -> None:
    """An opening does not rebuild the known commands: a repetition is decided anew."""

    def forget(self: CommandDecider, record: LogRecord) -> None:
        """Nothing is remembered."""

    CommandDecider.load_result = forget  # type: ignore[method-assign]  # this is the switch


def offsets_in_transaction() -> None:
    """The offset of the commands goes into a transaction of its own, before the next batch; no answer tells it."""
    begin, send_offsets = AIOKafkaProducer.begin_transaction, AIOKafkaProducer.send_offsets_to_transaction
    late: dict[int, tuple[Any, str]] = {}

    async def keep(self: Any, offsets: Any, group: str) -> None:
        late[id(self)] = (offsets, group)

    async def begin_late(self: Any) -> None:
        if found := late.pop(id(self), None):
            await begin(self)
            await send_offsets(self, *found)
            await self.commit_transaction()
        await begin(self)

    def nowhere(record: LogRecord) -> int:
        return 0

    opening.place_of = nowhere  # type: ignore[attr-defined]  # or the answers make up for it
    AIOKafkaProducer.send_offsets_to_transaction = keep
    AIOKafkaProducer.begin_transaction = begin_late


def fencing() -> None:
    """Every process has a transactional id of its own: whoever opens a partition fences nobody."""
    init = Transactions.__init__

    def unfenced(self: Transactions, kafka: KafkaConfig, partition: int, settings: WriterSettings) -> None:
        mine = f"{settings.transactional_id}-{os.getpid()}"
        init(self, kafka, partition, replace(settings, transactional_id=mine))

    Transactions.__init__ = unfenced  # type: ignore[method-assign]  # this is the switch


def fold_at_opening() -> None:
    """What a partition was once folded to is kept in memory; a later opening does not read what was appended since."""
    kept: dict[int, Folded] = {}

    async def fold_once(
        kafka: KafkaConfig, partition: int, settings: WriterSettings, file: SnapshotFile | None
    ) -> Folded:
        if partition not in kept:
            kept[partition] = await fold(kafka, partition, settings, file)
        return kept[partition]

    session.fold = fold_once  # type: ignore[attr-defined]  # this is the switch


def cursor_with_the_rows() -> None:
    """The projection keeps no position with its rows: after a crash it takes in again what it had."""
    positions = ProjectionHandler.positions

    async def from_the_start(self: ProjectionHandler, partitions: frozenset[int]) -> Mapping[int, int]:
        self._standing.at = dict.fromkeys(await positions(self, partitions), 0)
        return self._standing.at

    def all_of_them(facts: Sequence[Fact], before: int) -> list[Fact]:
        return list(facts)

    ProjectionHandler.positions = from_the_start  # type: ignore[method-assign]  # this is the switch
    views_fold._rising = all_of_them


GUARDS: Final[Mapping[str, Callable[[], None]]] = {
    "known-commands": known_commands,
    "offsets-in-transaction": offsets_in_transaction,
    "fencing": fencing,
    "fold-at-opening": fold_at_opening,
    "cursor-with-the-rows": cursor_with_the_rows,
}
SERVICES: Final[Mapping[str, Callable[[], None]]] = {"command": command.main, "projection": projection.main}

if __name__ == "__main__":
    service, guard = sys.argv[1:]
    GUARDS[guard]()
    SERVICES[service]()
