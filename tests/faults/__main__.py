"""`python -m tests.faults`: every fault and every control on real processes; the table, and 1 when a promise broke.

`--long` for the long counts, `--only WORDS` for faults with these words, `--times N` for another count, `--write FILE`
puts the table between the marks of a document.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy.local.platform import LocalPlatform
from tests.faults import table
from tests.faults.catalogue import FAULTS
from tests.faults.controls import CONTROLS
from tests.faults.outcome import Outcome
from tests.faults.running import run_control, run_fault

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
CONTROL_HEADS: Final = ("without", "fault", "findings")


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; exit code 1 after a violation, or after a control that nobody noticed."""
    asked = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="outdial-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's account must reach its folder
        with LocalPlatform(folder) as platform:
            outcomes, controls = asyncio.run(_run(platform, asked))
    lines = table.rows(outcomes)
    say(table.text(table.HEADS, lines))
    say(table.text(CONTROL_HEADS, controls))
    if asked.write:
        _write(asked.write, lines, controls)
    broken = any(one.findings for found in outcomes.values() for one in found)
    return 1 if broken or any(control[-1] == "0" for control in controls) else 0


async def _run(
    platform: LocalPlatform, asked: argparse.Namespace
) -> tuple[Mapping[str, Sequence[Outcome]], Sequence[table.Row]]:
    outcomes: dict[str, list[Outcome]] = {}
    for fault in FAULTS.values():
        if all(word not in fault.name for word in asked.only or [fault.name]):
            continue
        began, wanted = time.monotonic(), asked.times or (fault.long if asked.long else fault.short)
        found = outcomes.setdefault(fault.name, [])
        async for outcome in run_fault(fault, platform, asked.seed, wanted):
            found.append(outcome)
            for finding in outcome.findings:
                say(f"{fault.name}, seed {outcome.seed}: {finding}")
        say(f"{fault.name}: {' '.join(table.rows({'': found})[0])} in {time.monotonic() - began:.0f} s")
    controls = [] if asked.only else [await _control(platform, number) for number in range(len(CONTROLS))]
    return outcomes, controls


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
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", action="append", help="words of a fault's name; may be repeated")
    parser.add_argument("--times", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    return parser


def say(line: str) -> None:
    """One line for people, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
