"""`python -m tests.faults`: every fault and every control on real processes; the table, and 1 when a promise broke.

The long counts, which take hours; `--short` for a few hits of each, `--times N` for another count, `--only WORDS` for
faults with these words. `--keep FILE` adds what happens to a file, and counts what is in there already; `--write FILE`
puts the table between the marks of a document.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local.platform import LocalPlatform
from tests.faults import table
from tests.faults.catalogue import FAULTS
from tests.faults.controls import CONTROLS
from tests.faults.linked import LinkedPlatform
from tests.faults.outcome import Fault, Outcome
from tests.faults.running import run_control, run_fault
from tests.faults.small_disk import MountRefused, SmallPlatform

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PLACES: Final = ((1, False), (1, True), (3, False))  # how many brokers, and whether on a small disk
CONTROL_HEADS: Final = ("without", "fault", "findings")


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; exit code 1 after a violation, or after a control that nobody noticed."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # of each attempt to reach a dead broker
    asked = _parser().parse_args(arguments)
    faults = [fault for fault in FAULTS.values() if _is_wanted(fault, asked)]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in FAULTS}
    if asked.keep and asked.keep.exists():
        for outcome in map(Outcome.of, asked.keep.read_text(encoding="utf-8").splitlines()):
            outcomes[outcome.fault].append(outcome)
    controls: list[table.Row] = []
    for place in PLACES:
        here = [fault for fault in faults if (fault.brokers, fault.small_disk) == place]
        has_controls = place == PLACES[0] and not asked.only
        if not here and not has_controls:
            continue
        try:
            with _platform(*place) as platform:
                asyncio.run(_run(platform, asked, here, outcomes))
                if has_controls:
                    controls += [asyncio.run(_control(platform, number)) for number in range(len(CONTROLS))]
        except MountRefused as error:
            say(
                f"NOT RUN, this account may mount nothing here: {', '.join(one.name for one in here)} ({error})"
            )
    lines = table.rows({name: found for name, found in outcomes.items() if found})
    say(table.text(table.HEADS, lines))
    say(table.text(CONTROL_HEADS, controls))
    if asked.write:
        _write(asked.write, lines, controls)
    broken = any(one.findings for found in outcomes.values() for one in found)
    return 1 if broken or any(control[-1] == "0" for control in controls) else 0


def _is_wanted(fault: Fault, asked: argparse.Namespace) -> bool:
    return not asked.only or any(word in fault.name for word in asked.only)


@contextmanager
def _platform(brokers: int, small_disk: bool) -> Iterator[LocalPlatform]:
    with tempfile.TemporaryDirectory(prefix="outdial-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's account must reach its folder
        with _made(folder, brokers, small_disk) as platform:
            yield platform


def _made(folder: Path, brokers: int, small_disk: bool) -> LocalPlatform:
    if small_disk:
        return SmallPlatform(folder)
    return LinkedPlatform(folder) if brokers == 1 else LocalPlatform(folder, brokers=brokers, database=False)


async def _run(
    platform: LocalPlatform,
    asked: argparse.Namespace,
    faults: Sequence[Fault],
    outcomes: Mapping[str, list[Outcome]],
) -> None:
    for fault in faults:
        began, wanted = time.monotonic(), asked.times or (max(1, fault.short) if asked.short else fault.long)
        found = outcomes[fault.name]
        async for outcome in run_fault(fault, platform, asked.seed, wanted):
            found.append(outcome)
            if asked.keep:
                with asked.keep.open("a", encoding="utf-8") as kept:
                    kept.write(f"{outcome.line()}\n")
            for finding in outcome.findings:
                say(f"{fault.name}, seed {outcome.seed}: {finding}")
        say(f"{fault.name}: {' '.join(table.rows({'': found})[0])} in {time.monotonic() - began:.0f} s")


async def _control(platform: LocalPlatform, number: int) -> table.Row:
    control = CONTROLS[number]
    findings = await run_control(control, platform, number)
    say(f"without {control.without}: {len(findings)} findings")
    return control.without, control.fault, str(len(findings))


def _write(file: Path, lines: Sequence[table.Row], controls: Sequence[table.Row]) -> None:
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    tables = [table.markdown(table.HEADS, lines), table.markdown(CONTROL_HEADS, controls)]
    file.write_text(f"{before}{BEGIN}\n{tables[0]}\n\n{tables[1]}\n{END}{after}", encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", action="append", help="words of a fault's name; may be repeated")
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--write", type=Path)
    return parser


def say(line: str) -> None:
    """One line for people, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
