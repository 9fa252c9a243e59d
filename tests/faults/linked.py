"""A broker that some services reach by a link only: clients go where a broker says that it is."""

from pathlib import Path
from typing import Final

from deploy.local.folder import free_port
from deploy.local.kafka import Broker, Node
from deploy.local.platform import LocalPlatform

LINKED: Final = "LINKED"


class LinkedBroker(Broker):
    """One more listener, on `inner`, that tells its clients to come by `outer`."""

    inner = outer = 0

    def _properties(self) -> dict[str, str]:
        told = super()._properties()
        told["listeners"] += f",{LINKED}://127.0.0.1:{self.inner}"
        told["advertised.listeners"] += f",{LINKED}://127.0.0.1:{self.outer}"
        names = ("PLAINTEXT", "CONTROLLER", LINKED)
        return told | {"listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in names)}


class LinkedPlatform(LocalPlatform):
    """One broker and a database. A link to the broker carries what comes to its `outer` port to its `inner` one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.broker = LinkedBroker(folder / "broker", Node(1, free_port(), free_port()))
        self.broker.inner, self.broker.outer = free_port(), free_port()
        self.brokers = [self.broker]
        self._servers["broker"] = self.broker
