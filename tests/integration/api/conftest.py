"""One API with its real rooms for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from deploy.local.platform import LocalPlatform
from tests.integration.api.stack import ApiStack


@pytest.fixture(scope="package")
def stack(platform: LocalPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStack]:
    """Topics and a database of its own on the shared broker."""
    name = f"t{uuid4().hex[:12]}"
    folder: Path = tmp_path_factory.mktemp("api")
    with psycopg.connect(platform.dsn, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    dsn = platform.dsn.replace("/outdial", f"/{name}")
    with ApiStack(folder, platform.bootstrap, dsn, OUTDIAL_KAFKA_PREFIX=f"{name}-") as running:
        yield running


@pytest.fixture
def campaign() -> str:
    """An id that no other test uses."""
    return f"c-{uuid4().hex[:12]}"
