"""`make run`: starts Outdial and takes a sample campaign through its life over HTTP, as a user would."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.local.folder import DataFolder, default_folder
from deploy.local.sample import Sample, SampleFailed
from deploy.local.up import say
from outdial.runtime.children import Command, start, stop
from outdial.runtime.exits import Exit

READY_TIMEOUT_S: Final = 180.0
STOP_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Running:
    """A started `outdial up` and the address of its API."""

    process: subprocess.Popen[bytes]
    url: str


def start_everything(folder: DataFolder) -> Running:
    """Start `outdial up` on the folder, wait until its API is ready."""
    path = folder.path
    path.mkdir(parents=True, exist_ok=True)
    (path / "url").unlink(missing_ok=True)
    log = path / "logs" / "up.log"
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(b"")
    process = start(
        Command("up", [sys.executable, "-m", "deploy.local.up"], log, {"OUTDIAL_DATA": str(path)})
    )
    began, told, pause = time.monotonic(), 0, threading.Event()
    while time.monotonic() < began + READY_TIMEOUT_S:
        text = log.read_text()
        for line in text[told:].splitlines(keepends=True):
            if line.endswith("\n"):
                say(line.rstrip())
                told += len(line)
        if process.poll() is not None:
            raise SampleFailed(f"`outdial up` ended with {process.returncode}, see {log}")
        if "console " in text:
            return Running(process, (path / "url").read_text())
        pause.wait(0.1)
    raise SampleFailed(
        f"Outdial is not ready after {READY_TIMEOUT_S:.0f} s, see {log} and the logs beside it"
    )


def stay(running: Running) -> int:
    """Until Ctrl-C."""
    say("Outdial stays up; Ctrl-C stops it")
    code: int = running.process.wait()
    return code


def main(arguments: list[str]) -> int:
    """0 when everything of the sample held, 1 when not, 3 when Outdial did not start."""
    parser = argparse.ArgumentParser("make run", description="Run Outdial with a sample campaign.")
    parser.add_argument("--exit", action="store_true", help="end after the sample")
    parser.add_argument("--rows", type=int, default=2_000, help="rows of the sample workbook")
    parser.add_argument("--data", type=Path, help="data folder (default: OUTDIAL_DATA or .outdial)")
    asked = parser.parse_args(arguments)
    set_folder = asked.data or (Path(os.environ["OUTDIAL_DATA"]) if os.environ.get("OUTDIAL_DATA") else None)
    folder = DataFolder(set_folder or default_folder())
    running: Running | None = None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        running = start_everything(folder)
        report = Sample(running.url, folder.path / "sample", asked.rows).run()
        tell(report, running.url)
        return Exit.OK if asked.exit else stay(running)
    except SampleFailed as error:
        sys.stderr.write(f"FAILED: {error}\n")
        return Exit.FINDINGS if running else Exit.INFRASTRUCTURE
    except httpx.HTTPError as error:
        sys.stderr.write(f"FAILED: {type(error).__name__}: {error}, see {folder.path / 'logs'}\n")
        return Exit.INFRASTRUCTURE
    except KeyboardInterrupt:
        return Exit.OK
    finally:
        if running is not None:
            stop(running.process, signal.SIGTERM, STOP_S)


def tell(report: Mapping[str, Any], url: str) -> None:
    """What the sample did, for people."""
    say("what each command appended:")
    for line in report["history"]:
        say(f"  {line}")
    say("downloads:")
    for path, rows in report["downloads"].items():
        say(f"  {path}  {rows} records")
    say(f"all of it held in {report['seconds']:.0f} s; console: {url}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
