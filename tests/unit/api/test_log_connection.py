"""The way to the log: away is away at once, unknown is never a failure, and a broken link is replaced."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from outdial.campaign.commands import StartCampaign
from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.client.upload import Upload, UploadSession
from outdial.eventlog.ports import AppendUnknown, LogUnavailable
from services.api import log
from services.api.log import LogConnection, tcp_probe
from tests.unit.api.fakes import accepted

REQUEST = Request("spring", StartCampaign(), "k", "local")


@dataclass
class FakeLink:
    """A link that can break."""

    failure: Exception | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    is_stopped: bool = False

    async def start(self) -> None:
        if isinstance(self.failure, LogUnavailable):
            raise self.failure
        self.started.set()

    async def stop(self) -> None:
        self.is_stopped = True

    async def broken(self) -> None:
        await self.ended.wait()

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        if self.failure:
            raise self.failure
        return accepted(request)

    async def write(self, partition: int, key: str, value: bytes) -> int:
        return 7

    def session(self, upload: Upload) -> UploadSession:
        raise NotImplementedError


@dataclass
class Desk:
    """A connection, the links that it will get one after the other, and whether a broker answers."""

    links: list[FakeLink]
    is_there: bool = True
    made: int = 0

    def __post_init__(self) -> None:
        self.connection = LogConnection(self.make, self.probe)

    def make(self) -> FakeLink:
        link = self.links[min(self.made, len(self.links) - 1)]
        self.made += 1
        return link

    async def probe(self) -> bool:
        return self.is_there


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(log, "RETRY_S", 0.01)
    desk = Desk([FakeLink(), FakeLink()])
    yield desk
    await desk.connection.stop()


async def started(desk: Desk, link: FakeLink) -> None:
    await asyncio.wait_for(link.started.wait(), 5)
    await asyncio.sleep(0)  # the keeper goes on behind the event
    assert desk.connection.is_connected


async def test_before_it_is_connected_nothing_can_be_sent(desk: Desk) -> None:
    with pytest.raises(LogUnavailable):
        await desk.connection.send(REQUEST)


async def test_when_connected_commands_and_blocks_go_through(desk: Desk) -> None:
    await desk.connection.start()
    await started(desk, desk.links[0])
    assert (await desk.connection.send(REQUEST)).command_id == "k"
    assert await desk.connection.write(0, "b", b"x") == 7


async def test_when_no_broker_answers_nothing_is_sent(desk: Desk) -> None:
    await desk.connection.start()
    await started(desk, desk.links[0])
    desk.is_there = False
    with pytest.raises(LogUnavailable):
        await desk.connection.send(REQUEST)
    with pytest.raises(LogUnavailable):
        await desk.connection.write(0, "b", b"x")


async def test_what_was_sent_and_not_acknowledged_is_unknown(desk: Desk) -> None:
    desk.links[0].failure = AppendUnknown("no acknowledgement")
    await desk.connection.start()
    await started(desk, desk.links[0])
    with pytest.raises(OutcomeUnknown) as unknown:
        await desk.connection.send(REQUEST)
    assert unknown.value.command_id == "k"


async def test_it_connects_again_and_again_until_the_log_is_there(desk: Desk) -> None:
    desk.links[0].failure = LogUnavailable("no broker")
    await desk.connection.start()
    await started(desk, desk.links[1])
    assert desk.links[0].is_stopped


async def test_a_link_that_breaks_is_replaced(desk: Desk) -> None:
    await desk.connection.start()
    await started(desk, desk.links[0])
    desk.links[0].ended.set()
    await started(desk, desk.links[1])
    assert desk.links[0].is_stopped
    assert desk.made == 2


async def test_a_broker_is_there_when_one_of_its_addresses_takes_a_connection() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await tcp_probe(f"127.0.0.1:1,127.0.0.1:{port}")()
    server.close()
    await server.wait_closed()
    assert not await tcp_probe("127.0.0.1:1")()
