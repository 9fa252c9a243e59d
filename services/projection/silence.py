"""Looks for cursors that a silent projection holds, and frees them."""

import asyncio
import logging
from typing import Final

import psycopg

from outdial.views import silent
from outdial.views.database import connect

log = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 1.0
RETRY_S: Final = 2.0


class Silence:
    """`silent_s`: as long as a session with the broker lasts; whoever was silent for that has lost its partitions."""

    def __init__(self, dsn: str, silent_s: float) -> None:
        self._dsn, self._silent_s = dsn, silent_s

    async def run(self) -> None:
        """For ever; a database that is away is asked again later."""
        while True:
            try:
                async with await connect(self._dsn) as db:
                    while True:
                        if count := await silent.ended(db, self._silent_s):
                            log.warning(
                                "a silent session held a cursor and was ended", extra={"sessions": count}
                            )
                        await asyncio.sleep(LOOK_EVERY_S)
            except (psycopg.Error, OSError) as error:
                log.info("cannot look for silent sessions", extra={"error": str(error)})
                await asyncio.sleep(RETRY_S)
