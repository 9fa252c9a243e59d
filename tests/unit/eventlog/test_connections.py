"""A broker that hangs: its kernel accepts connections, and it answers nothing."""

import asyncio
import time
from dataclasses import dataclass, field
from errno import ECONNREFUSED

import pytest
from aiokafka.conn import CloseReason

from outdial.eventlog.connections import with_its_like
from outdial.eventlog.kafka import REQUEST_TIMEOUT_MS, KafkaConfig, connected
from outdial.eventlog.ports import LogUnavailable


async def answer_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def test_connecting_to_a_broker_that_hangs_is_given_up_sooner_than_a_request() -> None:
    server = await asyncio.start_server(answer_nothing, "127.0.0.1", 0)
    kafka = KafkaConfig(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    began = time.monotonic()

    with pytest.raises(LogUnavailable, match=f"{kafka.bootstrap}: it gave no answer"):
        async with connected(kafka, **kafka.consumer()):
            pass

    assert time.monotonic() - began < REQUEST_TIMEOUT_MS / 1000 / 2
    server.close()


async def test_people_are_told_what_each_server_said(unused_tcp_port: int) -> None:
    nobody = f"127.0.0.1:{unused_tcp_port}"
    kafka = KafkaConfig(f"{nobody},127.0.0.1:1")

    with pytest.raises(LogUnavailable) as told:
        async with connected(kafka, **kafka.consumer()):
            pass

    for server in (nobody, "127.0.0.1:1"):
        assert f"{server}: [Errno {ECONNREFUSED}]" in str(told.value)


@dataclass
class Connection:
    host: str
    port: int
    closed: list[CloseReason] = field(default_factory=list)

    def close(self, reason: CloseReason) -> None:
        self.closed.append(reason)


class Client:
    """Three connections, two of them to one broker."""

    def __init__(self) -> None:
        self.hung, self.like_it, self.well = Connection("a", 1), Connection("a", 1), Connection("b", 1)
        self._conns = {1: self.hung, 2: self.like_it, 3: self.well}
        self.told: list[CloseReason | None] = []

    def lost(self, connection: object, reason: CloseReason | None) -> None:
        self.told.append(reason)


def test_a_connection_without_an_answer_takes_the_others_to_its_broker_with_it() -> None:
    client = Client()

    with_its_like(client.lost)(client.hung, CloseReason.CONNECTION_TIMEOUT)

    assert (client.told, client.like_it.closed) == (
        [CloseReason.CONNECTION_TIMEOUT],
        [CloseReason.CONNECTION_BROKEN],
    )
    assert client.well.closed == []


def test_one_that_nobody_used_goes_alone() -> None:
    client = Client()

    with_its_like(client.lost)(client.hung, CloseReason.IDLE_DROP)

    assert (client.told, client.like_it.closed) == ([CloseReason.IDLE_DROP], [])
