"""Starts the projection: views from events by the live engine, health and the rest beside it."""

import asyncio
import logging
import sys
import time
from typing import Final

from prometheus_client import REGISTRY
from psycopg import OperationalError

from outdial.client.connecting import kafka_config, layout
from outdial.eventlog import topics
from outdial.eventlog.live import faust_engine, plain
from outdial.eventlog.live.settings import LiveSettings
from outdial.eventlog.ports import LogUnavailable
from outdial.eventlog.replay import Progress
from outdial.runtime.exits import Exit
from outdial.runtime.service import settings_of
from outdial.runtime.settings import Settings
from outdial.views import versions
from outdial.views.cursor import EVENTS
from services.projection.beside import Beside
from services.projection.handler import ProjectionHandler
from services.projection.metrics import Metrics
from services.projection.rebuild import rebuild
from services.projection.standing import Standing
from services.projection.store import ViewStore
from services.projection.views import main as views_main

log = logging.getLogger(__name__)
HEARTBEATS: Final = 5  # in a session's time
START_PATIENCE_S: Final = 60.0
RETRY_S: Final = 0.5


def main() -> None:
    """Blocking; the engine ends the process with its own exit codes."""
    settings = settings_of("projection", "kafka", "database")
    standing, metrics = Standing(), Metrics(REGISTRY)
    beside = Beside(settings, standing)
    beside.start()
    asyncio.run(prepare(settings, standing))
    beside.prepared.set()
    standing.waits_for = "partitions"
    kafka, dsn = kafka_config(settings), settings.database.get_secret_value()
    live = LiveSettings(
        kafka,
        EVENTS,
        "outdial-projection",
        session_timeout_s=settings.session_timeout,
        heartbeat_s=settings.session_timeout / HEARTBEATS,
        data_folder=str(settings.folder("projection")),
        store=ViewStore(dsn, layout(settings).partitions, standing, metrics),
    )
    handler = ProjectionHandler(kafka, dsn, standing, metrics)
    engine = faust_engine if settings.live_engine == "faust" else plain
    engine.run(live, handler)


async def prepare(settings: Settings, standing: Standing) -> None:
    """Check the topics, have views that this program can read; waits a minute for log and database."""
    end = time.monotonic() + START_PATIENCE_S
    while True:
        try:
            standing.waits_for = "log"
            await topics.check(kafka_config(settings), layout(settings))
            standing.waits_for = "database"
            await _have_views(settings, standing)
        except topics.TopicsDiffer as error:
            log.critical("cannot start: %s", error)
            raise SystemExit(Exit.INFRASTRUCTURE) from error
        except (LogUnavailable, OperationalError, TimeoutError) as error:
            if time.monotonic() > end:
                log.critical("cannot start: %s", error)
                raise SystemExit(Exit.INFRASTRUCTURE) from error
            await asyncio.sleep(RETRY_S)
        else:
            return


async def _have_views(settings: Settings, standing: Standing) -> None:
    dsn = settings.database.get_secret_value()
    current = await versions.prepare(dsn)
    if current.layout == versions.layout():
        return

    def show(progress: Progress) -> None:
        standing.waits_for = f"views of a new layout: {progress.done} of {progress.total}"

    log.warning("the views have another layout, filling a new version", extra={"former": current.number})
    made = await rebuild(kafka_config(settings), dsn, show)
    log.warning("the views have a new version", extra={"version": made.number})


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(views_main(sys.argv[1:]))
    main()
