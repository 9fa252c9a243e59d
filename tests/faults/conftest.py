"""The harness brings its own platform: some of its faults are the broker's and the database's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.platform import LocalPlatform


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    folder: Path = tmp_path_factory.mktemp("faults")
    folder.parent.chmod(0o755)  # the database's account must reach its folder
    with LocalPlatform(folder) as running:
        yield running


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with LocalPlatform(tmp_path_factory.mktemp("cluster"), brokers=3, database=False) as running:
        yield running
