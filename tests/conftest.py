"""The real broker and the real database, once a run; every test has topics and a database of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from deploy.local.platform import LocalPlatform

FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """A temporary folder of this run alone: pytest closes the one it shares between runs to other accounts each time
    it starts, and takes the data away from databases of runs beside it."""
    if config.option.basetemp is None:
        config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="outdial-tests-"))
        config.stash[FOLDER].chmod(0o755)
        config.option.basetemp = str(config.stash[FOLDER] / "t")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What failed can be looked at, what passed leaves nothing behind."""
    if FOLDER in session.config.stash and exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(session.config.stash[FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    folder: Path = tmp_path_factory.mktemp("platform")
    folder.parent.chmod(0o755)  # the database's account must reach its folder
    with LocalPlatform(folder) as running:
        yield running


@pytest.fixture
def bootstrap(platform: LocalPlatform) -> str:
    return platform.bootstrap


@pytest.fixture
def dsn(platform: LocalPlatform) -> Iterator[str]:
    """A fresh database, gone after the test."""
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(platform.dsn, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield platform.dsn.replace("/outdial", f"/{name}")
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
