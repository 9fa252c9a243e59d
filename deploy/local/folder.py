"""The data folder of one local installation: who holds it, which ports it uses, its secrets."""

import fcntl
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

CHECKOUT_MARK: Final = "pyproject.toml"
NEXT_PORTS: Final = 100
LETTING_GO_S: Final = 5.0  # processes of a killed installation may still be closing their ports


class FolderHeld(Exception):
    """Another process uses the data folder."""

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(
            f"{folder} is in use by process {holder}; stop that one, or set OUTDIAL_DATA to another folder"
        )


class DataFolder:
    """Held from `hold` until this process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None
        self._ports: dict[
            str, int
        ] = {}  # of this run: once somebody listens there, a port is not free and still ours

    def hold(self) -> None:
        """Take the folder; FolderHeld names the process that has it."""
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(descriptor, 32).decode().strip() or "?"
            os.close(descriptor)
            raise FolderHeld(self.path, holder) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor

    def release(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def port(self, name: str, preferred: int = 0) -> int:
        """The port of that name: the one used last time, else the first free one from `preferred` on, else any."""
        if name not in self._ports:
            self._ports[name] = self._choose(name, preferred)
        return self._ports[name]

    def _choose(self, name: str, preferred: int) -> int:
        file = self.path / "ports.json"
        ports: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        if name not in ports or not until(partial(is_free, ports[name]), LETTING_GO_S):
            nearby = range(preferred, preferred + NEXT_PORTS) if preferred else range(0)
            ports[name] = next(filter(is_free, nearby), 0) or free_port()
            _replace(file, json.dumps(ports, indent=1))
        return ports[name]

    def secret(self, name: str) -> Path:
        """The file of a secret that is made once and kept."""
        file = self.path / name
        if not file.exists():
            _replace(file, secrets.token_hex(32))
            file.chmod(0o600)
        return file


def default_folder() -> Path:
    """`.outdial` in a checkout, else the XDG data folder."""
    if (Path.cwd() / CHECKOUT_MARK).exists():
        return Path.cwd() / ".outdial"
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "outdial"


def cache_folder() -> Path:
    """Where downloads are kept that several checkouts share."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "outdial"


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def until(true: Callable[[], bool], within_s: float) -> bool:
    """Ask again and again until it is so; False when it was not within the time."""
    end, pause = time.monotonic() + within_s, threading.Event()
    while not true():
        if time.monotonic() > end:
            return False
        pause.wait(0.02)
    return True


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _replace(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)
