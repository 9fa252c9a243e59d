"""A client that stops badly, as aiokafka's do when the broker went away: whoever lets go of it goes on."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.eventlog.writer.feeder import Feeder
from outdial.eventlog.writer.ownership import Writers
from outdial.eventlog.writer.partition import PartitionWriter
from outdial.eventlog.writer.settings import WriterSettings
from tests.kit.counting import CountingDecider


class LostReader:
    """Its fetches never end; its stop ends in the cancellation of one of its own tasks."""

    async def getmany(self, **_: object) -> Mapping[Any, Any]:
        await asyncio.Event().wait()
        return {}

    async def stop(self) -> None:
        raise asyncio.CancelledError


async def prepare(records: Sequence[LogRecord]) -> None:
    """Nothing to prepare."""


async def never() -> None:
    await asyncio.Event().wait()


async def test_a_feeder_lets_go_of_a_reader_whose_stop_is_cancelled_from_within() -> None:
    feeder = Feeder(LostReader(), prepare, 10, 4)

    await asyncio.wait_for(feeder.close(), 5)


async def test_what_a_stop_ends_with_is_handed_back() -> None:
    async def refused() -> None:
        raise OSError("no route")

    assert isinstance(await closed(LostReader().stop(), 1.0), asyncio.CancelledError)
    assert isinstance(await closed(refused(), 1.0), OSError)
    assert isinstance(await closed(never(), 0.01), TimeoutError)
    assert await closed(prepare([]), 1.0) is None


async def test_our_own_cancellation_is_not_taken_for_the_clients() -> None:
    closing = asyncio.create_task(closed(never(), 30.0))
    await asyncio.sleep(0)

    closing.cancel()

    with pytest.raises(asyncio.CancelledError):
        await closing


def writers(monkeypatch: pytest.MonkeyPatch, serve: Any) -> Writers:
    monkeypatch.setattr(PartitionWriter, "_serve", serve)
    settings = WriterSettings(CountingDecider, lambda: 0)

    async def prove(partition: int) -> None:
        """It is ours."""

    return Writers(KafkaConfig("127.0.0.1:9"), settings, prove)


async def test_a_writer_whose_client_is_cancelled_from_within_opens_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries, opened_again = 0, asyncio.Event()

    async def serve(self: PartitionWriter, session: object) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise asyncio.CancelledError
        opened_again.set()
        await never()

    served = writers(monkeypatch, serve)
    served.gain([0])

    await asyncio.wait_for(opened_again.wait(), 5)

    await asyncio.wait_for(served.lose([0]), 5)
    assert not served.failed.done()


async def test_a_writer_that_ends_unasked_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(self: PartitionWriter, session: object) -> None:
        self.close()  # as if nobody had to know

    served = writers(monkeypatch, serve)
    served.gain([0])

    with pytest.raises(RuntimeError, match="partition 0 ended"):
        await asyncio.wait_for(served.failed, 5)
