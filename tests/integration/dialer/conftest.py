"""Broker, command service, simulated network and dialers as processes of their own, on topics of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.dialling import Rig


@pytest.fixture
async def rig(bootstrap: str, tmp_path: Path) -> AsyncIterator[Rig]:
    found = Rig(bootstrap, tmp_path)
    await found.start()
    yield found
    await found.stop()
