"""`make test` and `make check`: runs the parts in order and says how long each took."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

PYTEST: Final = (sys.executable, "-m", "pytest")
PARTS: Final[Mapping[str, Sequence[str]]] = {
    "lint": (sys.executable, "-m", "ruff", "check", "."),
    "types": (sys.executable, "-m", "mypy"),
    "unit": (*PYTEST, "tests/unit"),
    "integration": (*PYTEST, "tests/contract", "tests/integration"),
    "e2e": (*PYTEST, "tests/e2e"),
    "run": (sys.executable, "-m", "deploy.local.run", "--exit"),
}


def run(name: str) -> tuple[int, float]:
    """One part: its exit code and seconds."""
    sys.stdout.write(f"== {name}\n")
    sys.stdout.flush()
    started = time.monotonic()
    paths = [
        argument for argument in PARTS[name] if not argument.startswith("tests/") or Path(argument).exists()
    ]
    environ_data = tempfile.mkdtemp(prefix="outdial-") if name == "run" else None
    arguments = [*paths, *(["--data", environ_data] if environ_data else [])]
    code = subprocess.run(arguments, check=False).returncode
    return code, time.monotonic() - started


def main(wanted: Sequence[str]) -> int:
    """Run the parts that are named, or all; 0 when every one passed."""
    results = {name: run(name) for name in wanted or PARTS}
    for name, (code, seconds) in results.items():
        sys.stdout.write(f"{'passed' if code == 0 else 'FAILED':7} {name:12} {seconds:6.1f} s\n")
    failed = [name for name, (code, _) in results.items() if code]
    sys.stdout.write(f"{len(results) - len(failed)} passed, {len(failed)} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
