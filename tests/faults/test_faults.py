"""Whatever dies, pauses or is poisoned: nothing that was acknowledged is lost, nothing is doubled, no gap, no fork.

Real processes, real broker, real signals; after each fault the whole log is judged. `make faults` does it longer.
"""

from collections.abc import Sequence

import pytest

from deploy.local.platform import LocalPlatform
from outdial.eventlog.writer.points import POINTS
from tests.faults.catalogue import FAULTS
from tests.faults.controls import CONTROLS, Control
from tests.faults.outcome import Fault
from tests.faults.running import folder_of, on_stage, run_control
from tests.faults.small_disk import SmallPlatform
from tests.faults.stage import Setting, staged

SEED = 20261126


def those(words: str) -> list[Fault]:
    return [fault for name, fault in FAULTS.items() if words in name]


# What shares a group shares a stage: its services, its campaigns and their log.
GROUPS = {
    "a crash at each point": [FAULTS[f"kill -9 {point}"] for point in POINTS],
    "members that die, sleep, come and go": those("random instant") + those("zombie") + those("members"),
    "clients cut off and poison": those("client") + those("poison") + those("events"),
    "the broker": those("broker kill -9 and restart"),
    "the database and what reads into it": those("PostgreSQL") + those("projection"),
}


def test_no_fault_is_left_out() -> None:
    grouped = [
        fault.name for group in [*GROUPS.values(), those("three"), those("disk full")] for fault in group
    ]

    assert sorted(set(grouped)) == sorted(FAULTS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", GROUPS)
async def test_the_log_keeps_every_promise_under(platform: LocalPlatform, name: str) -> None:
    await keeps_every_promise(platform, name, GROUPS[name])


@pytest.mark.timeout(180)
async def test_the_log_keeps_every_promise_while_one_of_three_brokers_is_away(cluster: LocalPlatform) -> None:
    await keeps_every_promise(cluster, "three brokers", those("three"))


@pytest.mark.timeout(180)
async def test_the_log_keeps_every_promise_when_the_brokers_disk_is_full(
    small_platform: SmallPlatform,
) -> None:
    await keeps_every_promise(small_platform, "disk full", those("disk full"))
    assert any("No space left on" in line for line in small_platform.told), "people are told why"


async def keeps_every_promise(platform: LocalPlatform, name: str, faults: Sequence[Fault]) -> None:
    setting = Setting(platform, folder_of(platform, name), SEED, names=faults[0].names)
    async with staged(setting) as stage:
        for fault in faults:
            async for outcome in on_stage(fault, stage, SEED, fault.short):
                assert outcome.findings == [], (fault.name, setting.folder)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.without)
async def test_without_a_guard_the_judge_finds_violations(platform: LocalPlatform, control: Control) -> None:
    assert await run_control(control, platform, SEED) != []
