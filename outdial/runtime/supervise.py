"""Supervises child processes: starts them again with growing pauses, says why, and gives up loudly."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from outdial.runtime import children
from outdial.runtime.children import Command
from outdial.runtime.exits import Exit
from outdial.runtime.logs import in_words

TAIL_BYTES: Final = 64 << 10  # a line with the whole way of an error
TAIL_CHARACTERS: Final = 300
LEAST_ROOM: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Patience:
    """An end before `quick_s` counts as quick; more than `quick_ends` of them in a row are too many."""

    quick_s: float = 10.0
    quick_ends: int = 10
    first_pause_s: float = 0.2
    last_pause_s: float = 5.0

    def pause_s(self, quick_ends: int) -> float:
        """How long to wait before the next start: nothing after a long life, else twice as long each time."""
        if quick_ends == 0:
            return 0.0
        return min(self.first_pause_s * 2.0 ** (quick_ends - 1), self.last_pause_s)


class GaveUp(Exception):
    """A child cannot be kept running. `code` is what the supervisor itself should exit with."""

    def __init__(self, why: str, code: Exit = Exit.INFRASTRUCTURE) -> None:
        super().__init__(why)
        self.code = code


@dataclass(slots=True)
class _Child:
    command: Command
    process: subprocess.Popen[bytes]
    started: float
    quick_ends: int = 0
    starts_at: float | None = None  # set while it waits for its next start


@dataclass(slots=True)
class Supervisor:
    """The children of this process. Use it from one thread, the main one (see `children.start`)."""

    say: Callable[[str], None]
    patience: Patience = field(default_factory=Patience)
    _children: dict[str, _Child] = field(default_factory=dict)

    def launch(self, command: Command) -> None:
        """Start a child and look after it from now on."""
        self._children[command.name] = _Child(command, children.start(command), time.monotonic())

    def look_after(self) -> None:
        """Start again what has ended and has waited long enough. GaveUp when one ends again and again."""
        now = time.monotonic()
        for child in self._children.values():
            if child.starts_at is None and (code := child.process.poll()) is not None:
                self._note_end(child, code, now)
            if child.starts_at is not None and now >= child.starts_at:
                child.process, child.started = children.start(child.command), now
                child.starts_at = None

    def stop(self, order: Iterable[str]) -> None:
        """Stop children one after the other, each within its time; a child that does not stop is killed."""
        for name in order:
            if child := self._children.pop(name, None):
                children.stop(child.process, child.command.stop_with, child.command.stop_within_s)

    def kill(self) -> None:
        """Kill all that is left, at once; for whoever will not wait. Safe in a signal handler."""
        for child in list(self._children.values()):
            child.process.kill()

    def process_id(self, name: str) -> int:
        """The present process of a child; KeyError when there is no such child."""
        return self._children[name].process.pid

    def _note_end(self, child: _Child, code: int, now: float) -> None:
        name, log, lived = child.command.name, child.command.log, now - child.started
        room = no_room(child.command.data)
        why = f"{name} {ending(code)} after {lived:.1f} s"
        if code == Exit.USAGE:
            raise GaveUp(f"{why}: {last_words(log)}", Exit.USAGE)
        child.quick_ends = child.quick_ends + 1 if lived < self.patience.quick_s else 0
        if child.quick_ends > self.patience.quick_ends:
            raise GaveUp(f"{why}, {child.quick_ends} times in a row: {last_words(log)}{room} (see {log})")
        pause_s = self.patience.pause_s(child.quick_ends)
        child.starts_at = now + pause_s
        said = f": {last_words(log)}" if code >= 0 else ""  # who was killed could not say why
        self.say(f"{why}; starting it again in {pause_s:.1f} s{said}{room} (see {log})")


def ending(code: int) -> str:
    """How a process ended, in words: its signal or its exit code and what that means."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    known = {exit_code.value: exit_code.name.lower().replace("_", " ") for exit_code in Exit}
    return f"ended with {code} ({known[code]})" if code in known else f"ended with {code}"


def no_room(folder: Path | None) -> str:
    """What to say of a disk that is full, as far as a program needs room to start; empty while there is some."""
    if folder is None or not folder.exists() or shutil.disk_usage(folder).free >= LEAST_ROOM:
        return ""
    return f"; No space left on the disk of {folder}: make room, it goes on by itself then"


def last_words(log: Path) -> str:
    """The last words of a log file, on one line: of an error how it ended."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError as error:
        return f"no log: {error}"
    said = [line.strip() for line in lines if line.strip()]
    return in_words(said[-1])[:TAIL_CHARACTERS] if said else "it said nothing"
