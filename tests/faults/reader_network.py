"""Faults of the network between a projection and what it reads from, or writes to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from outdial.eventlog.live.settings import EXIT_STUCK
from tests.faults.link import Link
from tests.faults.linked import LinkedPlatform
from tests.faults.outcome import Hit
from tests.faults.projecting import SERVICE, caught_up
from tests.faults.reader_faults import NAMES, Readers, harmed
from tests.faults.stage import Stage
from tests.kit.stack import free_port
from tests.kit.until import until

NOTICED_S: Final = 60.0  # ten looks of the watchdog, and those that time out


async def loses_the_log(stage: Stage, engine: str) -> Hit:
    """One of two hears nothing of the broker; the other one takes its partitions. Then all that was held back comes."""
    readers, broker = await Readers.of(stage, engine, 2), _platform(stage).broker
    victim, heir = stage.random.sample(NAMES, 2)
    link = Link(broker.outer, broker.inner, stage.random)

    async def harm() -> None:
        link.silence()
        await readers.hold((heir,))
        await caught_up(stage, readers.dsn)
        link.heal()

    async with _linked(readers, victim, link, OUTDIAL_KAFKA=link.address):
        hit = await harmed(readers, victim, harm)
        await readers.hold(NAMES)
    return hit


async def database_forgets_it(stage: Stage, engine: str) -> Hit:
    """Its connections to the database carry nothing for ever, new ones do, as when a firewall was started again.

    It stands still, its watchdog ends it, its supervisor starts it again.
    """
    readers = await Readers.of(stage, engine, 1)
    link = Link(free_port(), _platform(stage).database.port, stage.random)
    codes: list[int | None] = []

    async def harm() -> None:
        link.forget()
        instance = stage.deployment.beside[SERVICE]
        await until(lambda: not instance.is_alive, f"the watchdog ends it, see {instance.log}", NOTICED_S)
        codes.append(instance.process.returncode)
        readers.start(SERVICE)

    dsn = readers.dsn.replace(f":{_platform(stage).database.port}/", f":{link.port}/")
    async with _linked(readers, SERVICE, link, OUTDIAL_DATABASE=dsn):
        hit = await harmed(readers, SERVICE, harm)
    wrong = [] if codes == [EXIT_STUCK] else [f"it ended with {codes}"]
    return Hit(hit.recovery_s, hit.why_missed, hit.counted, findings=wrong)


@asynccontextmanager
async def _linked(readers: Readers, name: str, link: Link, **environ: str) -> AsyncIterator[None]:
    """One of them behind a link, and without it in the end."""
    names = tuple(readers.at)
    async with link:
        await readers.start_again(name, **environ)
        await readers.hold(names)
        await readers.stage.a_moment()
        yield
        await readers.start_again(name)
    await readers.hold(names)


def _platform(stage: Stage) -> LinkedPlatform:
    assert isinstance(stage.deployment.platform, LinkedPlatform)
    return stage.deployment.platform
