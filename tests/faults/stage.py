"""A deployment under load on which faults happen, and its verdict: the whole log against what clients were told."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from deploy.local.platform import LocalPlatform
from outdial.eventlog.kafka import KafkaConfig
from tests.faults.deployment import PARTITIONS, Deployment
from tests.faults.instance import Instance
from tests.faults.ledger import Ledger
from tests.faults.load import QUIET_TIMEOUT_S, Load, stream_names
from tests.faults.walk import Walk
from tests.kit.log_checker import check_log
from tests.kit.log_reading import Log, read_log
from tests.kit.settled_log import check_settled
from tests.kit.until import until

PER_PARTITION: Final = 2
LOOKS: Final = 5  # a copy that was sent late may still be on its way
LOOK_AGAIN_S: Final = 1.0
ALL: Final = frozenset(range(PARTITIONS))


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a run takes place. `without` removes a guard; `uncommitted` lets clients read what is not committed."""

    platform: LocalPlatform
    folder: Path
    seed: int
    without: str = ""
    uncommitted: bool = False
    names: Sequence[str] = ("a",)


class ReadsUncommitted(KafkaConfig):
    """Clients without the guard: they hear answers of transactions that may still be aborted."""

    def consumer(self) -> dict[str, object]:
        """As it should be, but for the isolation."""
        return KafkaConfig.consumer(self) | {"isolation_level": "read_uncommitted"}


@dataclass(slots=True)
class Stage:
    """What a fault finds: the services, the clients and a source of chance."""

    deployment: Deployment
    load: Load
    random: random.Random
    streams: Sequence[str]
    judges: list[Callable[[Log], Awaitable[list[str]]]] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        return self.load.ledger

    @property
    def instances(self) -> dict[str, Instance]:
        return self.deployment.instances

    async def a_moment(self, least_s: float = 0.1, most_s: float = 1.5) -> None:
        """Chance says when a fault happens, not the state of the system."""
        await asyncio.sleep(self.random.uniform(least_s, most_s))

    async def recovered(
        self, since: float, partitions: frozenset[int] | set[int] = ALL, times: int = 3
    ) -> float:
        """Wait for answers of each of these partitions; the longest silence of one since then, in seconds."""
        await until(
            lambda: self.ledger.has_heard(since, set(partitions), times), "all partitions answer again", 60.0
        )
        return self.ledger.silence_s(since, set(partitions))

    async def verdict(self, looks: int = LOOKS, quiet_s: float = QUIET_TIMEOUT_S) -> list[str]:
        """Let everything come to rest and judge the whole log; the load goes on only when nothing was found."""
        found = await self.load.rest(quiet_s)
        for look in range(looks):
            if look:
                await asyncio.sleep(LOOK_AGAIN_S)
            log = await read_log(self.deployment.kafka.bootstrap, self.deployment.kafka.prefix)
            judged = [*check_log(log), *check_settled(log, self.ledger.told)]
            judged += [finding for judge in self.judges for finding in await judge(log)]
            if not judged:
                break
        if not found and not judged:
            self.load.go_on()
        return found + judged


@asynccontextmanager
async def staged(setting: Setting) -> AsyncIterator[Stage]:
    """Topics, services and clients; campaigns have records and run when this is entered."""
    prefix = f"f{uuid4().hex[:10]}-"
    async with Deployment(setting.platform, setting.folder, prefix, setting.without) as deployment:
        for name in setting.names:
            deployment.start(name)
        kafka = deployment.kafka
        async with Load(
            ReadsUncommitted(kafka.bootstrap, prefix) if setting.uncommitted else kafka, setting.seed
        ) as load:
            streams = stream_names(PER_PARTITION, setting.seed)
            walks = [Walk(load, stream, setting.seed) for stream in streams]
            for walk in walks:
                load.keep(asyncio.create_task(walk.run()))
            await until(
                lambda: bool(load.broken) or all(walk.began.is_set() for walk in walks),
                f"every campaign runs, see {setting.folder}",
                60.0,
            )
            if load.broken:
                raise load.broken[0]
            yield Stage(deployment, load, random.Random(setting.seed), streams)
