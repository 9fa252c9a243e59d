"""The live stream behind Faust: lifecycle, signals, rebalance and client thread, with our own batch pump.

Private names of faust-streaming are used where it has no setting; versions are pinned, a contract suite runs
on both engines. No Faust acks, no commits, no topics of its own: the position is the handler's.
"""

import asyncio
import logging
import os
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver

from outdial.eventlog.kafka import METADATA_MAX_AGE_MS, KafkaConfig, log_record
from outdial.eventlog.live.observed import Observed
from outdial.eventlog.live.settings import EXIT_ENGINE, EXIT_HANDLER, LiveSettings
from outdial.eventlog.live.stopping import stop_timer
from outdial.eventlog.live.watchdog import Watchdog
from outdial.eventlog.ports import Handler

log = logging.getLogger(__name__)


class _CommittedThread(driver.AIOKafkaConsumerThread):
    """Faust reads uncommitted records unless it is exactly_once; there is no setting for it."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        return consumer


class _BatchConsumer(driver.Consumer):
    """Whole fetch results per partition, from the handler's position."""

    app: Any

    def _new_consumer_thread(self) -> Any:
        return _CommittedThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Faust calls this after every rebalance before the flow resumes."""
        assigned = self.assignment()
        if not assigned:
            return
        async with self.app.live_busy:  # let the running batch move the position first
            wanted = await self.app.live_handler.positions(frozenset(tp.partition for tp in assigned))
            await self.seek_wait({tp: wanted[tp.partition] for tp in assigned})

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await super().on_partitions_revoked(revoked)
        if revoked:
            await self.app.live_handler.revoked(frozenset(tp.partition for tp in revoked))

    async def _drain_messages(self, fetcher: Any) -> None:
        dropped = False
        while not (self.should_stop or fetcher.should_stop):
            if not self.flow_active:
                await self.wait_first(self.can_resume_flow.wait(), timeout=1.0)
                continue
            if dropped:  # the fetch may have been served after Faust's own seek: back to the position
                await self.perform_seek()
            active = self._get_active_partitions()
            if not active:
                await self.sleep(0.2)
                continue
            dropped = not await self._pump(set(active))

    async def _pump(self, active: set[Any]) -> bool:
        """One fetch; False when a rebalance overtook it."""
        generation = self.app.consumer_generation_id
        for tp, records in (await self._getmany(active, timeout=0.5) or {}).items():
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return False
            try:
                async with self.app.live_busy:
                    await self.app.live_handler.handle(tp.partition, [log_record(r) for r in records])
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("the handler failed")
                os._exit(EXIT_HANDLER)  # nothing to flush: the handler's store is the only state
        return True


class _BatchTransport(driver.Transport):
    Consumer = _BatchConsumer


class _LiveApp(faust.App):
    live_handler: Handler
    live_busy: asyncio.Lock


def _credentials(kafka: KafkaConfig) -> Any:
    """The security of the connection in Faust's words; None for plain text."""
    context = kafka.ssl_context() if kafka.security_protocol.endswith("SSL") else None
    if kafka.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=kafka.username,
            password=kafka.password,
            ssl_context=context,
            mechanism=kafka.sasl_mechanism,
        )
    return faust.SSLCredentials(context=context) if context is not None else None


def build(settings: LiveSettings, handler: Handler) -> Any:
    """The Faust app, in code: no command line, no module global."""
    app = _LiveApp(
        settings.kafka.topic(settings.group),
        broker=[f"kafka://{server.strip()}" for server in settings.kafka.bootstrap.split(",")],
        broker_credentials=_credentials(settings.kafka),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        reply_create_topic=False,
        processing_guarantee="at_least_once",
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=settings.heartbeat_s,
        broker_rebalance_timeout=settings.rebalance_timeout_s,
        broker_request_timeout=settings.rebalance_timeout_s + 5.0,
        broker_max_poll_records=settings.max_batch,
        consumer_metadata_max_age_ms=METADATA_MAX_AGE_MS,
        broker_max_poll_interval=60.0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        table_standby_replicas=0,
        worker_redirect_stdouts=False,
        datadir=settings.data_folder or None,
    )
    app.live_handler, app.live_busy = handler, asyncio.Lock()
    app.transport = _BatchTransport(app.conf.broker_consumer, app)
    # no agent subscribes, so the conductor is told directly; without acks nothing is ever committed
    topic = settings.kafka.topic(settings.topic)
    app.topics.add(app.topic(topic, value_serializer="raw", key_serializer="raw", acks=False))
    return app


def run(settings: LiveSettings, handler: Handler) -> None:
    """Blocking, until SIGTERM or SIGINT; the exit codes are those of the plain engine."""
    observed = Observed(handler)
    Watchdog(settings, observed).start()
    app = build(settings, observed)
    worker = faust.Worker(app, redirect_stdouts=False, override_logging=False, quiet=True)
    worker.spinner = None  # writes for a terminal between the lines of the log
    original = worker.on_worker_shutdown

    def shutdown() -> None:
        stop_timer(settings.stop_within_s)
        original()

    worker.on_worker_shutdown = shutdown  # type: ignore[method-assign]  # the only hook before the stop
    try:
        worker.execute_from_commandline()
    except SystemExit as done:
        crashed = worker.crashed or app.crashed
        os._exit(EXIT_ENGINE if crashed else int(done.code or 0))
    except BaseException:
        log.exception("the engine failed")
        os._exit(EXIT_ENGINE)
