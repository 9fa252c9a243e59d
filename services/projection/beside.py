"""What runs beside the engine, in a thread of its own: health, answers, ends of graces, silent sessions, erasures."""

import asyncio
import logging
import os
import threading
from typing import Final

from outdial.client.connecting import kafka_config, layout
from outdial.runtime.exits import Exit
from outdial.runtime.health import HealthServer
from outdial.runtime.settings import Settings
from services.projection.erasures import Erasures
from services.projection.graces import Graces
from services.projection.results import Results
from services.projection.silence import Silence
from services.projection.standing import Standing

log = logging.getLogger(__name__)
LOOK_S: Final = 0.1


class Beside:
    """Health is served at once, the rest works when `prepared` is set."""

    def __init__(self, settings: Settings, standing: Standing) -> None:
        self._settings, self._standing = settings, standing
        self.prepared = threading.Event()

    def start(self) -> None:
        """Begin; whatever fails there ends the process, because the engine does not notice."""
        threading.Thread(target=self._run, name="beside", daemon=True).start()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException:
            log.exception("what runs beside the engine failed")
            logging.shutdown()
            os._exit(Exit.INFRASTRUCTURE)

    async def _serve(self) -> None:
        health = HealthServer(self._settings.admin, self._standing.readiness)
        await asyncio.gather(health.serve(), self._work())

    async def _work(self) -> None:
        while not self.prepared.is_set():  # noqa: ASYNC110  # another thread sets it
            await asyncio.sleep(LOOK_S)
        kafka, dsn = kafka_config(self._settings), self._settings.database.get_secret_value()
        partitions = layout(self._settings).partitions
        await asyncio.gather(
            Results(kafka, dsn).run(),
            Graces(kafka, dsn).run(),
            Silence(dsn, self._settings.session_timeout).run(),
            Erasures(kafka, partitions, dsn, self._settings.unreferenced_after).run(),
        )
