"""A file that appears whole or not at all: written as `*.part`, renamed when it is complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from outdial.client.cli.failing import Failed
from outdial.runtime.exits import Exit


@contextmanager
def part_file(path: Path) -> Iterator[BinaryIO]:
    """Write to `path` with `.part` behind its name; renamed at the end, removed when anything fails on the way."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise Failed(Exit.INFRASTRUCTURE, f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
