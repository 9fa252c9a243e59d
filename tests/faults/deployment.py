"""A deployment of its own on the broker: topics under a prefix, and the command services that write them."""

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.platform import LocalPlatform
from outdial.client.registry import SchemaTopic
from outdial.eventlog import topics
from outdial.eventlog.kafka import KafkaConfig
from outdial.messages.codec import Codec
from outdial.runtime.exits import Exit
from tests.faults.instance import START_TIMEOUT_S, Instance
from tests.kit.until import until

LAYOUTS: Final = {1: "local", 3: "local-3"}  # by the number of brokers
SESSION_S: Final = 3.0
PARTITIONS: Final = topics.Layout.named("local").partitions


class Deployment:
    """`without` names the guard that its services run without (see unguarded.py); empty = as they are."""

    def __init__(self, platform: LocalPlatform, folder: Path, prefix: str, without: str = "") -> None:
        self.platform, self.folder, self.without = platform, folder, without
        self.layout = LAYOUTS[len(platform.brokers)]
        self.kafka = KafkaConfig(platform.bootstrap, prefix=prefix)
        self.instances: dict[str, Instance] = {}
        self.past: list[Instance] = []
        self.beside: dict[str, Instance] = {}

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        layout = topics.Layout.named(self.layout)
        await topics.apply(self.kafka, layout)
        await SchemaTopic(self.kafka).prepare(layout.partitions, Codec())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for instance in (*self.beside.values(), *self.instances.values()):
            instance.kill()
        await self._remove_topics()

    def start(self, name: str, **environ: str) -> Instance:
        """Start a command service; one that had the name before is over. `environ` switches a fault on."""
        if former := self.instances.get(name):
            assert not former.is_alive, f"{name} runs"
            self.past.append(former)
        log = self.folder / f"{name}.log"
        instance = Instance(name, self._module("command"), log, self.environ(name) | environ)
        self.instances[name] = instance
        return instance

    def start_beside(self, service: str, name: str = "", **environ: str) -> Instance:
        """Start one of the other services, under a name of its own when there are several."""
        name = name or service
        log = self.folder / f"{name}.log"
        self.beside[name] = Instance(name, self._module(service), log, self.environ(name) | environ)
        return self.beside[name]

    def _module(self, service: str) -> list[str]:
        return ["tests.faults.unguarded", service, self.without] if self.without else [f"services.{service}"]

    def environ(self, name: str) -> dict[str, str]:
        """What a service of this deployment finds in its environment."""
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("OUTDIAL_")},
            "OUTDIAL_KAFKA": self.kafka.bootstrap,
            "OUTDIAL_KAFKA_PREFIX": self.kafka.prefix,
            "OUTDIAL_LAYOUT": self.layout,
            "OUTDIAL_PHONE_KEY": "secret",
            "OUTDIAL_INSTANCE": name,
            "OUTDIAL_SESSION_TIMEOUT": str(SESSION_S),
            "OUTDIAL_DATA": str(self.folder / name),
        }

    def owner(self, partition: int) -> str:
        """Who serves a partition; empty while nobody does."""
        owners = [name for name, one in self.instances.items() if partition in one.serving()]
        return owners[0] if len(owners) == 1 else ""

    def all_served(self) -> bool:
        """Whether each partition is served by exactly one."""
        return all(self.owner(partition) for partition in range(PARTITIONS))

    def has_given_up(self) -> bool:
        """Whether a service has ended with an error: nobody starts it again."""
        services = (*self.instances.values(), *self.beside.values())
        return any(one.process.poll() == Exit.INFRASTRUCTURE for one in services)

    async def served(self, *names: str) -> None:
        """Wait until all partitions are served, and each of `names` has some."""
        await until(
            lambda: self.all_served() and all(self.instances[name].serving() for name in names),
            f"all partitions are served by {names}, see {self.folder}",
            START_TIMEOUT_S,
        )

    async def _remove_topics(self) -> None:
        admin = AIOKafkaAdminClient(**self.kafka.client())
        await admin.start()
        try:
            mine = [name for name in await admin.list_topics() if name.startswith(self.kafka.prefix)]
            await admin.delete_topics(mine)
        finally:
            await admin.close()
