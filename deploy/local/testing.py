"""`make test` and `make check`: runs the parts side by side and says how long each took.

Most of the time tests wait for processes to start or to notice something, so two lanes keep two cores busy.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

PYTEST: Final = (sys.executable, "-m", "pytest")
OTHER_FAULTS: Final = ("tests/faults/test_controls.py", "tests/faults/test_platforms.py")
PARTS: Final[Mapping[str, Sequence[str]]] = {
    "lint": (sys.executable, "-m", "ruff", "check", "."),
    "types": (sys.executable, "-m", "mypy"),
    "unit": (*PYTEST, "tests/unit"),
    "integration": (*PYTEST, "tests/contract", "tests/integration"),
    "e2e": (*PYTEST, "tests/e2e"),
    "faults": (*PYTEST, "tests/faults", *(f"--ignore={file}" for file in OTHER_FAULTS)),
    "controls": (*PYTEST, *OTHER_FAULTS),
    "run": (sys.executable, "-m", "deploy.local.run", "--exit"),
}
# one after the other in a lane, lanes side by side; who kills on purpose keeps among his like
STAGES: Final = (
    (("lint", "types", "e2e"), ("unit", "integration")),
    (("faults",), ("controls",)),
    (("run",),),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a part ended."""

    name: str
    code: int
    seconds: float


class Parts:
    """Runs parts; what each one prints is shown as a whole when it has ended."""

    def __init__(self) -> None:
        self._printing = threading.Lock()

    def lane(self, names: Iterable[str]) -> list[Outcome]:
        """One after the other."""
        return [self.part(name) for name in names]

    def part(self, name: str) -> Outcome:
        """One part."""
        arguments = list(PARTS[name])
        if name == "run":
            arguments += ["--data", tempfile.mkdtemp(prefix="outdial-")]
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            code = subprocess.run(arguments, check=False, stdout=output, stderr=subprocess.STDOUT).returncode
            output.seek(0)
            with self._printing:
                sys.stdout.write(f"== {name}\n")
                sys.stdout.flush()
                sys.stdout.buffer.write(output.read())
                sys.stdout.buffer.flush()
        return Outcome(name, code, time.monotonic() - started)


def main(wanted: Sequence[str]) -> int:
    """Run the parts that are named, or all; 0 when every one passed."""
    parts = Parts()
    outcomes: list[Outcome] = []
    for stage in STAGES:
        chosen = [[name for name in lane if not wanted or name in wanted] for lane in stage]
        with ThreadPoolExecutor() as lanes:
            for found in lanes.map(parts.lane, chosen):
                outcomes += found
    for outcome in outcomes:
        verdict = "passed" if outcome.code == 0 else "FAILED"
        sys.stdout.write(f"{verdict:7} {outcome.name:12} {outcome.seconds:6.1f} s\n")
    failed = [outcome for outcome in outcomes if outcome.code]
    sys.stdout.write(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
