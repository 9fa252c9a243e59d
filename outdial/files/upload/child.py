"""The child process that reads one upload: sets its own limits, reads its order, writes messages, ends."""

import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from outdial.files.upload import wire
from outdial.files.upload.container import too_large
from outdial.files.upload.model import UploadLimits, UploadRejected
from outdial.files.upload.parse import parse_upload


def main() -> int:
    """Read the order from standard input; write one message a line to standard output. 0, or a traceback."""
    order = sys.stdin.buffer.readline()
    path, rules, limits, now_us = wire.decode_task(order)
    _limit(limits)
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=1 << 16)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write between the messages
    no_memory = too_large("Reading the file takes more memory than one upload may use.", limits.memory_bytes)
    try:
        for part in parse_upload(Path(path), rules, limits, now_us):
            _send(out, part)
    except UploadRejected as rejected:
        _send(out, rejected)
    except (MemoryError, RecursionError):
        _send(out, no_memory)
    except BrokenPipeError:
        return 0  # nobody reads any more: the upload was given up
    return 0


def _send(out: BinaryIO, message: wire.Message) -> None:
    out.write(wire.encode(message))
    out.flush()


def _limit(limits: UploadLimits) -> None:
    for which, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
