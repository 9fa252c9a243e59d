"""Read an upload in a child process with limits; the parent stays flat and safe whatever the file does."""

import fcntl
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import outdial.files
from outdial.files.upload import wire
from outdial.files.upload.container import too_large
from outdial.files.upload.model import (
    Header,
    UploadChunk,
    UploadLimits,
    UploadRejected,
    UploadRules,
    UploadSummary,
)

_BLOCK = 1 << 18
_AHEAD = 1 << 20
"""Bytes that the child may be ahead of us, where the system lets us say so: some ten chunks."""
_LAST_WORDS = 4_000
_KEPT = ("PATH", "PYTHONTZPATH", "LANG", "TMPDIR")
_MAX_LINE = 64 << 20
_KILLED_BY_LIMIT = {-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS}


class UploadReaderFailed(Exception):
    """The reader itself broke: an error of ours or of the machine, never of the file."""


def read_upload(
    path: Path, rules: UploadRules, now_us: int, limits: UploadLimits | None = None
) -> "UploadReading":
    """Start reading the file in a child process and wait for its header.

    Raises UploadRejected with a file code of the contract, UploadReaderFailed when the reader breaks.
    Use it as a context manager: leaving it ends the child.
    """
    reading = UploadReading(path, rules, now_us, limits or UploadLimits())
    try:
        reading.start()
    except BaseException:
        reading.close()
        raise
    return reading


class UploadReading:
    """One file being read: `header`, then the chunks by iteration, then `summary`.

    Not for several threads at once. A slow consumer holds the child back; no more than the pipe holds piles up.
    """

    def __init__(self, path: Path, rules: UploadRules, now_us: int, limits: UploadLimits) -> None:
        self.header = Header(())
        self.summary = UploadSummary()
        self._limits = limits
        self._order = wire.encode_task(str(path.absolute()), rules, limits, now_us) + b"\n"
        self._child: subprocess.Popen[bytes] | None = None
        self._messages: Iterator[wire.Message] = iter(())
        self._last_words = ""

    def start(self) -> None:
        """Start the child and read the header."""
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "outdial.files.upload.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
        _widen(self._child.stdout)
        self._messages = self._read(self._child)
        first = next(self._messages)
        if not isinstance(first, Header):
            raise UploadReaderFailed(f"the upload reader began with {type(first).__name__}")
        self.header = first

    def __iter__(self) -> Iterator[UploadChunk]:
        """Yield the chunks. Raises UploadRejected for what is found later in the file."""
        for message in self._messages:
            if isinstance(message, UploadChunk):
                yield message
            elif isinstance(message, UploadSummary):
                self.summary = message

    def close(self) -> None:
        """End the child, whatever it is doing."""
        child = self._child
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                pipe.close()
        child.wait(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, child: subprocess.Popen[bytes]) -> Iterator[wire.Message]:
        ended = False
        for line in self._lines(child):
            message = wire.decode(line)
            if isinstance(message, UploadRejected):
                raise message
            ended = isinstance(message, UploadSummary)
            yield message
        code = child.wait(timeout=self._limits.stall_s)
        if code in _KILLED_BY_LIMIT:
            limit = f"{self._limits.memory_bytes >> 20:,} MiB of memory or {self._limits.cpu_s:,} s of work"
            raise too_large(f"Reading the file takes more than {limit}.", self._limits.memory_bytes)
        if code or not ended:
            raise UploadReaderFailed(f"the upload reader ended with {code}: {self._last_words}")

    def _lines(self, child: subprocess.Popen[bytes]) -> Iterator[bytes]:
        """Give the child its order and yield what it answers; silence longer than the limit ends it."""
        assert child.stdin and child.stdout and child.stderr  # noqa: S101 - all three were asked for as pipes
        self._last_words = ""
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdout, selectors.EVENT_READ)
            ready.register(child.stderr, selectors.EVENT_READ)
            _give(child.stdin, self._order)
            rest = b""
            while ready.get_map():
                for key, _ in self._wait(ready):
                    block = os.read(key.fd, _BLOCK)
                    if not block:
                        ready.unregister(key.fileobj)
                    elif key.fileobj is child.stderr:
                        said = self._last_words + block.decode("utf-8", "replace")
                        self._last_words = said[-_LAST_WORDS:]
                    else:
                        *lines, rest = (rest + block).split(b"\n")
                        yield from lines
                if len(rest) > _MAX_LINE:
                    raise UploadReaderFailed("the upload reader sent a message without end")

    def _wait(self, ready: selectors.BaseSelector) -> list[tuple[selectors.SelectorKey, int]]:
        events = ready.select(self._limits.stall_s)
        if not events:
            stall_s = self._limits.stall_s
            raise too_large(f"Reading the file stood still for {stall_s:g} s.", int(stall_s))
        return events


def _give(pipe: IO[bytes], order: bytes) -> None:
    try:
        pipe.write(order)
        pipe.close()
    except BrokenPipeError:
        return  # the child is gone already; its end says why


def _widen(pipe: IO[bytes] | None) -> None:
    """Let the child work on while we wait for the log; a system that refuses gives it less room."""
    if pipe is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _AHEAD)


def _environment() -> dict[str, str]:
    """The child needs our package and the zones, and no more of what this process was started with."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    root = Path(outdial.files.__file__).parents[2]
    return kept | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
