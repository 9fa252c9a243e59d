"""One service as a process of its own: started, killed, paused; what it says is read from its log."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from outdial.runtime import children
from outdial.runtime.children import Command
from tests.kit.until import until

START_TIMEOUT_S: Final = 40.0
STOP_TIMEOUT_S: Final = 25.0


class Instance:
    """`said` are the lines of its JSON log so far; several lives of one name share the file."""

    def __init__(self, name: str, module: Sequence[str], log: Path, environ: Mapping[str, str]) -> None:
        self.name, self.environ, self.log = name, environ, log
        self._read = log.stat().st_size if log.exists() else 0
        self.said: list[dict[str, Any]] = []
        arguments = [sys.executable, "-m", *module]
        self.process: subprocess.Popen[bytes] = children.start(Command(name, arguments, log, environ))

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def look(self) -> list[dict[str, Any]]:
        """Read on in the log; every line of this life."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        for line in whole.splitlines():
            if line.startswith(b"{"):
                self.said.append(json.loads(line))
        return self.said

    def says(self, message: str, **fields: Any) -> int:
        """How many lines of this message have these fields."""
        wanted = {"message": message, **fields}.items()
        return sum(wanted <= line.items() for line in map(_hashable, self.look()))

    def serving(self) -> set[int]:
        """The partitions that it serves; none when it is dead."""
        states = {
            line["partition"]: line["to"] for line in self.look() if line.get("message") == "writer state"
        }
        return {part for part, state in states.items() if state == "serving"} if self.is_alive else set()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait for the end."""
        if self.is_alive:
            self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)

    async def stop(self) -> int:
        """SIGTERM, and wait for the end; its exit code."""
        self.process.terminate()
        await self.dead(STOP_TIMEOUT_S)
        return int(self.process.returncode)

    async def dead(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until it has ended, however."""
        await until(lambda: not self.is_alive, f"{self.name} ends, see {self.log}", timeout_s)


def _hashable(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if not isinstance(value, list | dict)}
