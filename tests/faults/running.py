"""Runs faults and controls: a stage for several injections, a verdict after each, a miss is repeated."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from deploy.local.platform import LocalPlatform
from tests.faults.controls import READ_COMMITTED, Control
from tests.faults.outcome import Fault, Hit, Outcome
from tests.faults.stage import Setting, Stage, staged
from tests.kit.until import until

MISSES: Final = 2  # so many times the hits that are wanted, and some: then the harness itself is broken
SOME: Final = 4
LOOKS_OF_A_CONTROL: Final = 2
TRIES_OF_A_CONTROL: Final = 3
QUIET_CONTROL_S: Final = 4.0
CONTROL_S: Final = 25.0


class TooManyMisses(Exception):
    """The fault hardly ever meets an active path: its runs would prove nothing."""


async def run_fault(fault: Fault, platform: LocalPlatform, seed: int, wanted: int) -> AsyncIterator[Outcome]:
    """Outcomes until `wanted` have hit; each stage has the next seed."""
    hits, tries = 0, 0
    while hits < wanted:
        async with staged(
            Setting(platform, folder_of(platform, fault.name), seed, names=fault.names)
        ) as stage:
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


async def once(fault: Fault, stage: Stage, seed: int) -> Outcome:
    """One injection and its verdict; what does not recover is a finding like others."""
    try:
        hit = await fault.inject(stage)
    except TimeoutError as error:
        return Outcome(fault.name, seed, [str(error), *await stage.verdict()], Hit(0.0))
    return Outcome(fault.name, seed, [*hit.findings, *await stage.verdict()], hit)


async def on_stage(fault: Fault, stage: Stage, seed: int, wanted: int) -> AsyncIterator[Outcome]:
    """Outcomes on a stage that is there, until `wanted` have hit or something was found."""
    hits, tries = 0, 0
    while hits < wanted:
        if tries > wanted * MISSES + SOME:
            raise TooManyMisses(f"{fault.name}: {hits} of {tries} tries hit")
        outcome = await once(fault, stage, seed)
        yield outcome
        if outcome.findings:
            return
        tries += 1
        hits += outcome.hit.times if outcome.is_hit else 0


async def run_control(control: Control, platform: LocalPlatform, seed: int) -> Sequence[str]:
    """What the judge finds without the guard; a fault that met no active path is repeated on another seed."""
    for again in range(TRIES_OF_A_CONTROL):
        if findings := await _once_without(control, platform, seed + again):
            return findings
    return []


async def _once_without(control: Control, platform: LocalPlatform, seed: int) -> Sequence[str]:
    uncommitted = control.without == READ_COMMITTED
    setting = Setting(platform, folder_of(platform, control.without), seed, names=control.names)
    setting = replace(setting, without="" if uncommitted else control.without, uncommitted=uncommitted)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staged(setting))
        await _injected(control, stage)
        return await stage.verdict(LOOKS_OF_A_CONTROL, QUIET_CONTROL_S)


async def _injected(control: Control, stage: Stage) -> None:
    """Until the fault is over, or a service has given up: what a broken log leads to is nobody's concern here."""
    injecting = asyncio.ensure_future(control.inject(stage))
    try:
        with suppress(TimeoutError):
            await until(lambda: injecting.done() or stage.deployment.has_given_up(), "the fault", CONTROL_S)
            if injecting.done():
                await injecting
    finally:
        injecting.cancel()
        await asyncio.wait([injecting])


def folder_of(platform: LocalPlatform, name: str) -> Path:
    """A new folder for the logs of a stage, beside the platform's data."""
    slug = name.replace(" ", "-").replace(",", "")
    return Path(tempfile.mkdtemp(prefix=f"{slug}-", dir=platform.folder))
