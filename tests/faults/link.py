"""A network between a service and what it needs, that can fall silent, forget its connections, break, or be slow."""

import asyncio
import random
from types import TracebackType
from typing import Final, Self

LOCAL: Final = "127.0.0.1"
PIECE: Final = 64 << 10


class Link:
    """`async with Link(port, target, chance):` carries what comes to one port to the other, as a TCP proxy.

    What is held back while it is silent comes later, as TCP would send it again.
    """

    def __init__(self, port: int, target: int, chance: random.Random) -> None:
        self.port, self._target, self._chance = port, target, chance
        self._ways: set[_Way] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._slow: tuple[int, float] | None = None
        self.carried = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, LOCAL, self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """Where the service finds what is behind it."""
        return f"{LOCAL}:{self.port}"

    def silence(self) -> None:
        """Nothing is carried, and nobody is told."""
        self._open.clear()

    def heal(self) -> None:
        """Everything is carried again, what was held back first."""
        self._open.set()

    def forget(self) -> int:
        """Connections that are there carry nothing for ever, new ones do: a firewall that lost its state. How many."""
        for way in self._ways:
            way.open = asyncio.Event()
        return len(self._ways)

    def reset(self) -> int:
        """Break all connections; new ones are taken. How many."""
        for way in self._ways:
            way.abort()
        return len(self._ways)

    def slow(self, piece: int, delay_s: float) -> None:
        """Carry pieces of so many bytes at most, each after up to this delay."""
        self._slow = piece, delay_s

    def quick(self) -> None:
        """Carry everything at once."""
        self._slow = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward, back = await asyncio.open_connection(LOCAL, self._target)
        except OSError:
            writer.transport.abort()
            return
        way = _Way(self._open, (writer, back))
        self._ways.add(way)
        both = [self._carry(way, reader, back), self._carry(way, onward, writer)]
        for one in both:
            task = asyncio.create_task(one)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, way: "_Way", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(PIECE):
                await way.open.wait()
                await self._write(data, writer)
            await way.open.wait()
        except OSError:
            pass  # one side broke off: so does the other
        finally:
            way.close()
            self._ways.discard(way)

    async def _write(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        self.carried += len(data)
        while self._slow and data:
            piece, delay_s = self._slow
            await asyncio.sleep(self._chance.uniform(0.0, delay_s))
            size = self._chance.randint(1, piece)
            writer.write(data[:size])
            await writer.drain()
            data = data[size:]
        writer.write(data)
        await writer.drain()


class _Way:
    """One connection through the link; `open` is the link's until the connection is forgotten."""

    def __init__(self, open_: asyncio.Event, ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.open, self._ends = open_, ends

    def close(self) -> None:
        """End it, what was carried arrives."""
        for writer in self._ends:
            writer.close()

    def abort(self) -> None:
        """Break it: both ends hear of a reset."""
        for writer in self._ends:
            writer.transport.abort()
