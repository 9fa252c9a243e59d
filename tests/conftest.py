"""The real broker and the real database, once a run; every test has topics and a database of its own."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from deploy.local.platform import LocalPlatform


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
