"""A projection that is stopped within its transaction does not hold up the one that has its partitions by then."""

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.views import cursor
from outdial.views.cursor import EVENTS
from outdial.views.fold import Folded
from services.projection import handler
from services.projection.handler import ProjectionHandler
from services.projection.metrics import Metrics
from services.projection.standing import Standing
from tests.kit.until import until
from tests.kit.views import Db, Views

TIMEOUT_S = 20.0
RECORD = LogRecord(0, 0, 0, b"spring", b"", ())


class Pausing:
    """A fold that moves the cursor; the first one stops within its transaction, as if it were sent SIGSTOP."""

    def __init__(self) -> None:
        self.stopped, self.woken, self.begun = asyncio.Event(), asyncio.Event(), 0

    def __call__(self, db: Db, facts: object) -> "Fold":
        return Fold(self, db)


class Fold:
    def __init__(self, chance: Pausing, db: Db) -> None:
        self._chance, self._db = chance, db

    async def apply(self, partition: int, records: Sequence[LogRecord], before: int) -> Folded:
        self._chance.begun += 1
        is_first = self._chance.begun == 1
        async with self._db.transaction():
            at = await cursor.lock(self._db, EVENTS, partition)
            if is_first:
                self._chance.stopped.set()
                await self._chance.woken.wait()
            await cursor.move(self._db, EVENTS, partition, at, at + 1)
        return Folded(at + 1, 1)


async def test_who_is_stopped_within_a_transaction_loses_it(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Pausing()
    monkeypatch.setattr(handler, "PAUSED_S", 1)
    monkeypatch.setattr(handler, "Folding", fold)
    async with Views(dsn):
        zombie, heir = (
            ProjectionHandler(KafkaConfig("nobody"), dsn, Standing(), Metrics(CollectorRegistry()))
            for _ in range(2)
        )
        stopped = asyncio.create_task(zombie.handle(0, [RECORD]))
        await until(fold.stopped.is_set, "it stops within its transaction")

        await asyncio.wait_for(heir.handle(0, [RECORD]), TIMEOUT_S)

        fold.woken.set()
        await asyncio.wait_for(stopped, TIMEOUT_S)
        assert fold.begun == 3, "the zombie has begun anew"
        for one in (zombie, heir):
            assert one._db is not None
            await one._db.close()
