"""Makes the simulator from the settings and serves it until it is asked to stop."""

import asyncio
import logging
from contextlib import nullcontext
from typing import Any, Final

import uvicorn

from outdial.runtime.settings import Settings, SettingsInvalid, split_host_port
from services.simulator.app import Simulator, app_of
from services.simulator.ledger import Ledger
from services.simulator.network import DEFAULT_SHARES, OUTCOMES, Network

log = logging.getLogger(__name__)
KEEP_ALIVE_S: Final = 75
FORGETFUL: Final = "forgetful"


class _Embedded(uvicorn.Server):
    """The service handles its signals itself."""

    def capture_signals(self) -> Any:
        return nullcontext()


async def main(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop`."""
    network = network_of(settings)
    ledger = Ledger(settings.folder("simulator") / "ledger.sqlite")
    simulator = Simulator(network, ledger)
    await simulator.start()
    host, port = split_host_port(settings.simulator_http)
    config = uvicorn.Config(
        app_of(simulator),
        host=host,
        port=port,
        log_config=None,
        lifespan="off",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    server = _Embedded(config)
    serving = asyncio.create_task(server.serve())
    log.warning(
        "this is a simulated telephone network: it calls nobody",
        extra={"seed": network.seed, "speed": network.speed, "address": settings.simulator_http},
    )
    stopping = asyncio.create_task(stop.wait())
    parts = [task for task in (serving, stopping, ledger.running) if task is not None]
    done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await asyncio.wait_for(serving, settings.shutdown_grace)
    await simulator.stop()
    for task in done:
        task.result()


def network_of(settings: Settings) -> Network:
    """The network that the settings describe; SettingsInvalid."""
    shares = shares_of(settings.simulator_shares)
    forgetful = shares.pop(FORGETFUL, 0.0)
    return Network(settings.simulator_seed, settings.simulator_speed, shares, forgetful)


def shares_of(text: str) -> dict[str, float]:
    """`Busy=10,NoAnswer=20,forgetful=1`: percent by outcome, what is left is answered; empty = the usual ones.

    Raises SettingsInvalid.
    """
    if not text:
        return dict(DEFAULT_SHARES)
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        try:
            found[name] = float(share)
        except ValueError:
            found[name] = -1.0
    wrong = [name for name, share in found.items() if name not in (*OUTCOMES, FORGETFUL) or share < 0]
    if wrong or sum(share for name, share in found.items() if name != FORGETFUL) > 100:
        line = f"OUTDIAL_SIMULATOR_SHARES holds {text!r}; it should hold percents such as Busy=10,NoAnswer=20"
        raise SettingsInvalid([line])
    return found
