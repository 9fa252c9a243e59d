"""A broker whose data lies on a file system of its own, small enough to be filled up."""

import errno
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from deploy.local.folder import free_port, until
from deploy.local.kafka import Broker, Node
from deploy.local.platform import LocalPlatform
from outdial.runtime.supervise import Supervisor

SIZE: Final = 96 << 20
START_TIMEOUT_S: Final = 60.0
MOUNTED: Final = b"mounted\n"
BLOCK: Final = bytes(64 << 10)
MOUNT: Final = ("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs")


class MountRefused(Exception):
    """This machine lets this account mount nothing, not even in a namespace of its own."""


class SmallDisk:
    """Mounted over a folder between enter and exit: for everybody if we may, else in a namespace of its own.

    `within` is put before the commands of those who shall see it; `seen` is how this process sees it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.seen = folder, folder
        self.within: Sequence[str] = ()
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        mounted = subprocess.run([*MOUNT, self._folder], capture_output=True, check=False)
        if mounted.returncode:
            self._hold_namespace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._holder is None:
            subprocess.run(["umount", "--lazy", self._folder], check=True)
        else:
            self._holder.kill()
            self._holder.wait()

    def fill(self) -> int:
        """Write until nothing more goes in; how many bytes that were."""
        written = 0
        with (self.seen / "filler").open("ab", buffering=0) as file:
            try:
                while True:
                    written += file.write(BLOCK)
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
        return written

    def free(self) -> None:
        """Somebody has made room."""
        (self.seen / "filler").unlink()

    def _hold_namespace(self) -> None:
        script = f'{" ".join(MOUNT)} "$1" && echo mounted && exec sleep infinity'
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(self._folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._holder.stdout and self._holder.stderr
        if self._holder.stdout.readline() != MOUNTED:
            raise MountRefused(self._holder.stderr.read().decode(errors="replace").strip())
        pid = self._holder.pid
        self.seen = Path(f"/proc/{pid}/root{self._folder}")
        self.within = ("nsenter", "--user", "--mount", "--preserve-credentials", f"--target={pid}")


class BrokerWithin(Broker):
    """A broker that sees the small disk."""

    within: Sequence[str] = ()

    def _java(self, options: list[str], main: str, *arguments: str) -> list[str]:
        return [*self.within, *super()._java(options, main, *arguments)]


class SmallPlatform(LocalPlatform):
    """One broker on a small disk, under the supervisor that `outdial up` has."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, database=False)
        self._broker = BrokerWithin(folder / "broker", Node(1, free_port(), free_port()))
        self.brokers, self.disk = [self._broker], SmallDisk(folder / "broker" / "data")
        self.told: list[str] = []
        self._supervisor = Supervisor(self.told.append)

    def __enter__(self) -> Self:
        self.disk.__enter__()
        self._broker.within = self.disk.within
        self._broker.prepare()
        self._supervisor.launch(replace(self._broker.command(), data=self.disk.seen))
        if not until(self._broker.answers, START_TIMEOUT_S):
            raise TimeoutError(f"the broker does not answer, see {self._broker.command().log}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._supervisor.kill()
        self._supervisor.stop([self._broker.name])
        self.disk.__exit__(kind, error, trace)

    def look_after(self) -> None:
        """Start the broker again if it has ended, with growing pauses; `told` grows. From the main thread."""
        self._supervisor.look_after()
