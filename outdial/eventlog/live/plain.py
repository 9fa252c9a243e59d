"""The live stream on plain aiokafka."""

import asyncio
import logging
import os
import signal
from collections.abc import Iterable
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from outdial.eventlog.closing import closed
from outdial.eventlog.kafka import log_record
from outdial.eventlog.live.observed import Observed
from outdial.eventlog.live.settings import EXIT_ENGINE, EXIT_HANDLER, LiveSettings
from outdial.eventlog.live.stopping import stop_timer
from outdial.eventlog.live.watchdog import Watchdog
from outdial.eventlog.ports import Handler

log = logging.getLogger(__name__)
LEAVE_TIMEOUT_S: Final = 5.0


class HandlerFailed(Exception):
    """The handler raised; its batch is not taken in."""


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """aiokafka logs and swallows what is raised here, so it ends the process instead."""

    def __init__(self, consumer: AIOKafkaConsumer, handler: Handler, busy: asyncio.Lock) -> None:
        self._consumer, self._handler, self._busy = consumer, handler, busy

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        async with self._busy:  # let the running batch end
            await self._handler.revoked(frozenset(tp.partition for tp in revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        try:
            async with self._busy:
                self._consumer.pause(*assigned)  # getmany serves new partitions during this callback
                wanted = await self._handler.positions(frozenset(tp.partition for tp in assigned))
                for tp in assigned:
                    self._consumer.seek(tp, wanted[tp.partition])
                self._consumer.resume(*assigned)
        except BaseException:
            log.exception("assignment failed")
            os._exit(EXIT_ENGINE)


async def consume(settings: LiveSettings, handler: Handler, stop: asyncio.Event) -> None:
    """Read until `stop`; raises HandlerFailed, or what the client raises."""
    consumer = AIOKafkaConsumer(
        **settings.kafka.consumer(),
        group_id=settings.kafka.topic(settings.group),
        group_instance_id=settings.instance,
        session_timeout_ms=int(settings.session_timeout_s * 1000),
        heartbeat_interval_ms=int(settings.heartbeat_s * 1000),
        rebalance_timeout_ms=int(settings.rebalance_timeout_s * 1000),
    )
    busy = asyncio.Lock()
    consumer.subscribe([settings.kafka.topic(settings.topic)], listener=_Listener(consumer, handler, busy))
    await consumer.start()
    try:
        while not stop.is_set():
            fetched = await consumer.getmany(timeout_ms=250, max_records=settings.max_batch)
            for tp, records in fetched.items():
                async with busy:
                    if tp in consumer.assignment():
                        await _handle(handler, tp.partition, records)
    finally:
        await closed(consumer.stop(), LEAVE_TIMEOUT_S)  # what ended the loop counts, not how leaving it ends


async def _handle(handler: Handler, partition: int, records: Iterable[object]) -> None:
    try:
        await handler.handle(partition, [log_record(record) for record in records])
    except Exception as error:
        raise HandlerFailed(f"{type(error).__name__}: {error}") from error


async def _until_signal(settings: LiveSettings, handler: Handler) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask_to_stop() -> None:
        stop_timer(settings.stop_within_s)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    await consume(settings, handler, stop)


def run(settings: LiveSettings, handler: Handler) -> None:
    """Blocking, until SIGTERM or SIGINT.

    Ends the process with 70 when the handler raises, 71 when it stands still, 72 when the engine fails, 73 when
    the stop takes too long.
    """
    observed = Observed(handler)
    Watchdog(settings, observed).start()
    try:
        asyncio.run(_until_signal(settings, observed))
    except HandlerFailed:
        log.exception("the handler failed")
        os._exit(EXIT_HANDLER)
    except Exception:
        log.exception("the engine failed")
        os._exit(EXIT_ENGINE)
