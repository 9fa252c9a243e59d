"""Runs faults and controls: a stage for several injections, a verdict after each, a miss is repeated."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from deploy.local.platform import LocalPlatform
from tests.faults.controls import READ_COMMITTED, Control
from tests.faults.outcome import Fault, Hit, Outcome
from tests.faults.stage import LOOKS, Setting, Stage, staged

MISSES: Final = 2  # so many times the hits that are wanted, and some: then the harness itself is broken
SOME: Final = 4
LOOKS_OF_A_CONTROL: Final = 2


class TooManyMisses(Exception):
    """The fault hardly ever meets an active path: its runs would prove nothing."""


async def run_fault(fault: Fault, platform: LocalPlatform, seed: int, wanted: int) -> AsyncIterator[Outcome]:
    """Outcomes until `wanted` have hit; each stage has the next seed."""
    hits, tries = 0, 0
    while hits < wanted:
        async with staged(Setting(platform, folder_of(platform, fault.name), seed, names=fault.names)) as stage:
            for _ in range(fault.per_stage):
                if tries > wanted * MISSES + SOME:
                    raise TooManyMisses(f"{fault.name}: {hits} of {tries} tries hit")
                outcome = await once(fault, stage, seed)
                yield outcome
                tries += 1
                hits += outcome.hit.times if outcome.is_hit else 0
                if hits >= wanted or outcome.findings:
                    break
        seed += 1


async def once(fault: Fault, stage: Stage, seed: int, looks: int = LOOKS) -> Outcome:
    """One injection and its verdict; what does not recover is a finding like others."""
    try:
        hit = await fault.inject(stage)
    except TimeoutError as error:
        return Outcome(fault.name, seed, [str(error), *await stage.verdict(looks)], Hit(0.0))
    return Outcome(fault.name, seed, await stage.verdict(looks), hit)


async def run_control(control: Control, platform: LocalPlatform, seed: int) -> Sequence[str]:
    """What the judge finds without the guard."""
    uncommitted = control.without == READ_COMMITTED
    setting = Setting(platform, folder_of(platform, control.without), seed, names=control.names)
    setting = replace(setting, without="" if uncommitted else control.without, uncommitted=uncommitted)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staged(setting))
        fault = Fault(control.fault, control.inject, 1, 1)
        return (await once(fault, stage, seed, LOOKS_OF_A_CONTROL)).findings


def folder_of(platform: LocalPlatform, name: str) -> Path:
    """A new folder for the logs of a stage, beside the platform's data."""
    slug = name.replace(" ", "-").replace(",", "")
    return Path(tempfile.mkdtemp(prefix=f"{slug}-", dir=platform.broker.folder.parent))
