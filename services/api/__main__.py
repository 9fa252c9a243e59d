"""Starts the API: `python -m services.api`. SIGTERM ends it cleanly."""

import asyncio
from contextlib import nullcontext
from typing import Any, Final

import uvicorn

from outdial.runtime.service import run, settings_of
from outdial.runtime.settings import Settings, split_host_port
from services.api.bootstrap import build

STREAMS_END_S: Final = 2
"""How long answers that go on for ever (live updates) may delay the end."""


class _Server(uvicorn.Server):
    """The frame of the service handles signals itself."""

    def capture_signals(self) -> Any:
        return nullcontext()


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop`. SystemExit when the address is taken."""
    host, port = split_host_port(settings.http)
    config = uvicorn.Config(
        build(settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STREAMS_END_S,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await serving


def main() -> None:
    """Read the settings, serve, exit 0 after a clean end."""
    settings = settings_of("api", "kafka", "database")
    run("api", settings, serve)


if __name__ == "__main__":
    main()
