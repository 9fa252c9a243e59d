"""Starts the projection: views from events by the live engine, answers and health beside it."""

import asyncio
import logging
import os
import threading
import time

from psycopg import OperationalError

from outdial.client.connecting import kafka_config, layout
from outdial.eventlog import topics
from outdial.eventlog.live import faust_engine, plain
from outdial.eventlog.live.settings import LiveSettings
from outdial.eventlog.ports import LogUnavailable
from outdial.runtime.exits import Exit
from outdial.runtime.health import HealthServer, Readiness
from outdial.runtime.service import settings_of
from outdial.runtime.settings import Settings
from outdial.views.database import make_schema
from services.projection.handler import ProjectionHandler
from services.projection.results import Results

log = logging.getLogger(__name__)
START_PATIENCE_S = 60.0


def main() -> None:
    """Blocking; the engine ends the process with its own exit codes."""
    settings = settings_of("projection", "kafka", "database")
    dsn = settings.database.get_secret_value()
    asyncio.run(prepare(settings, dsn))
    kafka = kafka_config(settings)
    handler = ProjectionHandler(kafka, dsn)
    threading.Thread(target=beside, args=(settings, handler, dsn), name="beside", daemon=True).start()
    live = LiveSettings(
        kafka, "outdial.events", "outdial-projection", data_folder=str(settings.folder("projection"))
    )
    engine = faust_engine if settings.live_engine == "faust" else plain
    engine.run(live, handler)


async def prepare(settings: Settings, dsn: str) -> None:
    """Check the topics, make the views' tables; waits a minute for either."""
    end = time.monotonic() + START_PATIENCE_S
    while True:
        try:
            await topics.check(kafka_config(settings), layout(settings))
            await make_schema(dsn)
        except (LogUnavailable, OperationalError) as error:
            if time.monotonic() > end:
                log.critical("cannot start: %s", error)
                raise SystemExit(Exit.INFRASTRUCTURE) from error
            await asyncio.sleep(0.5)
        except topics.TopicsDiffer as error:
            log.critical("cannot start: %s", error)
            raise SystemExit(Exit.INFRASTRUCTURE) from error
        else:
            return


def beside(settings: Settings, handler: ProjectionHandler, dsn: str) -> None:
    """Answers and health in a thread of their own: they must not wait for the engine."""

    def readiness() -> Readiness:
        return Readiness((handler.problem,) if handler.problem else (), {"cursors": dict(handler.at)})

    async def run() -> None:
        results = Results(kafka_config(settings), dsn)
        await asyncio.gather(HealthServer(settings.admin, readiness).serve(), results.run())

    try:
        asyncio.run(run())
    except BaseException:
        log.exception("answers or health failed")
        os._exit(Exit.INFRASTRUCTURE)


if __name__ == "__main__":
    main()
