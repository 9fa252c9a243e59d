"""Connections to the database notice that the network has forgotten them."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg.conninfo import make_conninfo

from outdial.views.database import asking, connect, connect_blocking


@contextmanager
def own(fileno: int) -> Iterator[socket.socket]:
    with socket.socket(fileno=os.dup(fileno)) as sock:
        yield sock


def noticed_after_s(sock: socket.socket) -> int:
    """When nothing comes from the other side, as the kernel has it."""
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    idle, every, count = (
        sock.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    return idle + every * count


def unanswered_ms(sock: socket.socket) -> int:
    """How long what was sent may go without the other side's kernel; 0 = as long as the system has it."""
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


async def test_a_connection_that_carries_nothing_is_given_up_after_20_seconds(dsn: str) -> None:
    async with await connect(dsn) as db:
        with own(db.fileno()) as sock:
            assert noticed_after_s(sock) == 20
            assert unanswered_ms(sock) == 0, "a server that waits for a lock takes no rows, and is not lost"


async def test_a_question_is_given_up_as_soon(dsn: str) -> None:
    async with await connect(asking(dsn)) as db:
        with own(db.fileno()) as sock:
            assert (noticed_after_s(sock), unanswered_ms(sock)) == (20, 20_000)


def test_downloads_too(dsn: str) -> None:
    with connect_blocking(dsn) as db, own(db.fileno()) as sock:
        assert noticed_after_s(sock) == 20


@pytest.mark.parametrize("idle_s", [60, 7])
async def test_the_address_of_the_database_may_say_otherwise(dsn: str, idle_s: int) -> None:
    async with await connect(make_conninfo(dsn, keepalives_idle=idle_s)) as db:
        with own(db.fileno()) as sock:
            assert noticed_after_s(sock) == idle_s + 15
