"""Whether the API can serve: it can while the database answers; without the log it says so and refuses commands."""

from typing import Any

from services.api.log import LogConnection
from services.api.ports import Reading
from services.api.problems import Problem


class ApiReadiness:
    """Looks at the views at every question; they are one short query away."""

    def __init__(self, log: LogConnection, reading: Reading) -> None:
        self._log, self._reading = log, reading

    async def waiting_for(self) -> list[str]:
        """What it waits for."""
        try:
            await self._reading.ping()
        except Problem as problem:
            return [f"the views: {problem.detail or problem.code}"]
        return []

    async def details(self) -> dict[str, Any]:
        """Whether commands can be sent."""
        return {"log": "connected" if self._log.is_connected else "not connected"}
