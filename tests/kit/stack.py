"""Runs `outdial up` as its users do, as a process of its own, and kills it as their machines do."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

READY_TIMEOUT_S = 60.0


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = READY_TIMEOUT_S) -> None:
    """Ask again and again until it is so; TimeoutError names what did not come."""
    end, pause = time.monotonic() + timeout_s, threading.Event()
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout_s:.0f} s: {what}")
        pause.wait(0.05)


class Stack:
    """Everything on one machine, on a data folder that outlives its processes."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{free_port()}"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.url, timeout=30.0)

    def start(self) -> None:
        """Start all processes and wait until the API is ready."""
        environ = {
            **os.environ,
            "OUTDIAL_DATA": str(self.data),
            "OUTDIAL_HTTP": self.url.removeprefix("http://"),
            "OUTDIAL_LOG_LEVEL": "INFO",
            **self._settings,
        }
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "outdial.runtime.cli", "up"],
                env=environ,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_until(self.is_ready, f"`outdial up` ready, see {self.data / 'up.log'}")

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to this data folder, broker and database included."""
        found = []
        for process in psutil.process_iter():
            try:
                named = str(self.data) in " ".join(process.cmdline())
                if named or process.environ().get("OUTDIAL_DATA") == str(self.data):
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if process.pid != os.getpid()]

    def kill_everything(self) -> int:
        """kill -9 of every process, in no order; returns how many there were."""
        victims = self.processes()
        for victim in victims:
            victim.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(_lives(process) for process in self.processes()), "everything is dead")
        if self._process is not None:
            self._process.wait()
        return len(victims)

    def kill(self, service: str) -> None:
        """kill -9 of one service; its supervisor starts it again."""
        for process in self.processes():
            if f"services.{service}" in process.cmdline():
                process.send_signal(signal.SIGKILL)

    def lose_api(self, folder: Path) -> None:
        """kill -9 of the API, and a folder of its disk is lost: another machine goes on in its place."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)  # or it would be started again on the same disk
        try:
            self.kill("api")
            shutil.rmtree(folder)
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self, timeout_s: float = 40.0) -> int:
        """SIGTERM to the parent, as an init system does; returns its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET below /v1; raises for an error answer."""
        answer = self.http.get(f"/v1{path}", params=params)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        """A POST below /v1, whatever it answers."""
        return self.http.post(f"/v1{path}", **arguments)

    def is_ready(self) -> bool:
        """Whether the API answers and has the log. RuntimeError when `outdial up` has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(
                f"`outdial up` ended with {self._process.returncode}, see {self.data / 'up.log'}"
            )
        try:
            told = self.http.get("/health/ready", timeout=2.0)
            return told.status_code == httpx.codes.OK and told.json()["log"] == "connected"
        except httpx.HTTPError:
            return False


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
