"""The judge can find violations: each guard removed once, under the fault that it is there for."""

import pytest

from deploy.local.platform import LocalPlatform
from tests.faults.controls import CONTROLS, Control
from tests.faults.promises import SEED
from tests.faults.running import run_control


@pytest.mark.timeout(120)
@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.without)
async def test_without_a_guard_the_judge_finds_violations(platform: LocalPlatform, control: Control) -> None:
    assert await run_control(control, platform, SEED) != []
