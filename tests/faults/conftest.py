"""The harness brings its own platform: some of its faults are the broker's and the database's."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.platform import LocalPlatform
from tests.faults.linked import LinkedPlatform
from tests.faults.small_disk import MountRefused, SmallPlatform


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedPlatform]:
    folder: Path = tmp_path_factory.mktemp("faults")
    folder.parent.chmod(0o755)  # the database's account must reach its folder
    with LinkedPlatform(folder) as running:
        yield running


@pytest.fixture(scope="package")
def small_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallPlatform]:
    folder: Path = tmp_path_factory.mktemp("small")
    with ExitStack() as stack:
        try:
            running = stack.enter_context(SmallPlatform(folder))
        except MountRefused as error:
            pytest.xfail(f"A FULL DISK WAS NOT TESTED: this account may mount nothing here ({error})")
        yield running


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with LocalPlatform(tmp_path_factory.mktemp("cluster"), brokers=3, database=False) as running:
        yield running
