"""Which faults share a stage in the tests, and the promise: the judge finds nothing after any of them."""

from collections.abc import Sequence
from typing import Final

from deploy.local.platform import LocalPlatform
from outdial.eventlog.writer.points import POINTS
from tests.faults.catalogue import FAULTS
from tests.faults.outcome import Fault
from tests.faults.running import folder_of, on_stage
from tests.faults.stage import Setting, staged

SEED: Final = 20261126


def those(words: str) -> list[Fault]:
    """The faults with these words in their name."""
    return [fault for name, fault in FAULTS.items() if words in name]


# What shares a group shares a stage: its services, its campaigns and their log.
GROUPS: Final = {
    "a crash at each point": [FAULTS[f"kill -9 {point}"] for point in POINTS],
    "members that die, sleep, come and go": those("random instant") + those("zombie") + those("members"),
    "a network that fails": [fault for fault in those("network") if "projection" not in fault.name],
    "clients cut off and poison": those("client") + those("poison") + those("events"),
    "the broker": those("broker kill -9 and restart") + those("broker SIGSTOP"),
    "the database and what reads into it": those("PostgreSQL") + those("projection"),
}
THREE_BROKERS: Final = those("three")
FULL_DISK: Final = those("disk full")


async def keeps_every_promise(platform: LocalPlatform, name: str, faults: Sequence[Fault]) -> None:
    """Each of them on one stage, as often as the tests want it, and a verdict after each."""
    setting = Setting(platform, folder_of(platform, name), SEED, names=faults[0].names)
    async with staged(setting) as stage:
        for fault in faults:
            async for outcome in on_stage(fault, stage, SEED, fault.short):
                assert not outcome.findings, "\n".join(
                    [f"{fault.name}, see {setting.folder}", *outcome.findings]
                )
