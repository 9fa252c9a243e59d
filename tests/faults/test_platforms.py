"""The same promises on other platforms: three brokers of which one is away, a broker whose disk is full."""

import pytest

from deploy.local.platform import LocalPlatform
from tests.faults.promises import FULL_DISK, THREE_BROKERS, keeps_every_promise
from tests.faults.small_disk import SmallPlatform


@pytest.mark.timeout(180)
async def test_the_log_keeps_every_promise_while_one_of_three_brokers_is_away(cluster: LocalPlatform) -> None:
    await keeps_every_promise(cluster, "three brokers", THREE_BROKERS)


@pytest.mark.timeout(180)
async def test_the_log_keeps_every_promise_when_the_brokers_disk_is_full(
    small_platform: SmallPlatform,
) -> None:
    await keeps_every_promise(small_platform, "disk full", FULL_DISK)
    assert any("No space left on" in line for line in small_platform.told), "people are told why"
