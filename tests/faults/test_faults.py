"""Whatever dies, pauses or is poisoned: nothing that was acknowledged is lost, nothing is doubled, no gap, no fork.

Real processes, real broker, real signals; after each fault the whole log is judged. `make faults` does it longer.
"""

import pytest

from deploy.local.platform import LocalPlatform
from tests.faults.catalogue import FAULTS
from tests.faults.promises import FULL_DISK, GROUPS, THREE_BROKERS, keeps_every_promise


def test_no_fault_is_left_out() -> None:
    grouped = [fault.name for group in [*GROUPS.values(), THREE_BROKERS, FULL_DISK] for fault in group]

    assert sorted(grouped) == sorted(FAULTS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", GROUPS)
async def test_the_log_keeps_every_promise_under(platform: LocalPlatform, name: str) -> None:
    await keeps_every_promise(platform, name, GROUPS[name])
