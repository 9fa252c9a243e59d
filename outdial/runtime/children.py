"""Starts child processes that cannot outlive this one: the kernel kills them with their parent."""

import ctypes
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
LOG_BYTES: Final = 16 << 20
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Command:
    """What to start and how to stop it: arguments, log file, further environment, a user if not this one.

    `data` is where it keeps what must not be lost: whoever looks for the reason of its end looks there as well.
    """

    name: str
    arguments: Sequence[str]
    log: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    on_parent_death: signal.Signals = signal.SIGKILL
    stop_with: signal.Signals = signal.SIGTERM
    stop_within_s: float = 20.0
    data: Path | None = None


def start(command: Command) -> subprocess.Popen[bytes]:
    """Start one child in a session of its own, so that Ctrl-C reaches only us and we stop it in order.

    Call it from the main thread: the kernel takes the death of the thread that forked for the parent's.
    """
    command.log.parent.mkdir(parents=True, exist_ok=True)
    _turn_over(command.log)
    with command.log.open("ab") as log:
        return subprocess.Popen(
            command.arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **command.environ},
            user=command.user,
            group=pwd.getpwnam(command.user).pw_gid if command.user else None,
            extra_groups=[] if command.user else None,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), command.on_parent_death),  # noqa: PLW1509  # no threads run yet
        )


def _turn_over(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    def before_exec() -> None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # the parent died before the line above
            os._exit(1)

    return before_exec


def stop(process: subprocess.Popen[bytes], number: signal.Signals, within_s: float) -> int:
    """Ask a child to stop; kill it when it does not. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
