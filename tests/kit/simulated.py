"""The simulated telephone network as a process of its own, to be killed and started again on the same ledger."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.kit.log_checker import PlacedCall
from tests.kit.stack import free_port, wait_until


class SimulatedNetwork:
    """`settings` are further variables, such as OUTDIAL_SIMULATOR_SHARES."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self._data, self.settings = data, settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        environ = {
            **os.environ,
            "OUTDIAL_DATA": str(self._data),
            "OUTDIAL_SIMULATOR_HTTP": self.address,
            "OUTDIAL_ALLOW_SIMULATOR": "1",
            **self.settings,
        }
        with (self._data / "simulator.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.simulator"], env=environ, stdout=log, stderr=log
            )
        wait_until(self._answers, f"the simulator answers, see {self._data / 'simulator.log'}", 20.0)

    def kill(self) -> None:
        """kill -9"""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        return self._end(signal.SIGTERM)

    def entries(self) -> list[dict[str, Any]]:
        """Every ask of the ledger in order."""
        found: list[dict[str, Any]] = []
        after = 0
        while True:
            page = httpx.get(f"{self.url}/ledger", params={"after": after}, timeout=10.0).json()
            if not page["entries"]:
                return found
            found += page["entries"]
            after = page["next"]

    def placed(self) -> list[PlacedCall]:
        """Every call that was really dialled."""
        return [
            PlacedCall(entry["attempt_id"], entry["placed_us"], entry["outcome"])
            for entry in self.entries()
            if entry["answer"] == "placed" and entry["is_first"]
        ]

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        code = self._process.wait(20)
        self._process = None
        return code

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the simulator ended with {self._process.returncode}")
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2.0).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
