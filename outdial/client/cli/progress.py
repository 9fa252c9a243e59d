"""Progress on standard error: a bar on a terminal, nothing in the way of a program."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn


class Meter(Protocol):
    """Takes how many bytes more are done."""

    def __call__(self, more: int) -> None: ...


@contextmanager
def progress(console: Console, about: str, total: int | None = None) -> Iterator[Meter]:
    """A bar of bytes while the block runs; without a terminal nothing is shown."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task(about, total=total)
        yield lambda more: bars.advance(task, more)


class Counted:
    """A file that tells how much of it was read."""

    def __init__(self, file: BinaryIO, meter: Meter) -> None:
        self._file, self._meter = file, meter

    def read(self, size: int = -1) -> bytes:
        """Read as the file does."""
        block = self._file.read(size)
        self._meter(len(block))
        return block

    def fileno(self) -> int:
        """The file's number, by which its length is known."""
        return self._file.fileno()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, as the file does."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where the file is."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Whether `seek` works."""
        return self._file.seekable()
