"""`doctor`: what this machine lacks for the local installation, its size, and the one line that installs it.

Runs before anything is installed: standard library only, any Python from 3.11 on.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NEEDED_MB = 2_500  # virtual environment, jars, data of a sample run


@dataclass(frozen=True)
class Part:
    """One thing that may be missing: its Debian package, its size, what it is for."""

    name: str
    package: str
    megabytes: int
    why: str


VENV = Part("python3-venv", "python3-venv", 3, "makes the virtual environment")
CHROMIUM = Part("chromium", "chromium", 360, "shows the console to its tests")
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MAVEN = Part("mvn", "maven", 330, "fetches the Kafka broker (with a Java of its own)")


def missing(for_tests: bool) -> list[Part]:
    """The parts that are not here. Without need of a broker of our own, nothing but Python is needed."""
    found = []
    if importlib.util.find_spec("ensurepip") is None and not Path(".venv/bin/python").exists():
        found.append(VENV)
    if "OUTDIAL_KAFKA" not in os.environ and shutil.which("mvn") is None and not has_jars():
        found.append(MAVEN)
    if for_tests and not any(shutil.which(name) for name in BROWSERS):
        found.append(CHROMIUM)
    return found


def has_jars() -> bool:
    """Whether the broker was fetched before."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "outdial"
    return any(base.glob("kafka-*/complete"))


def install(parts: list[Part]) -> bool:
    """As root on Debian or Ubuntu: install them; whether it worked."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = [part.package for part in parts]
    update = subprocess.run(["apt-get", "update", "-qq"], env=environ, check=False)
    wanted = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return update.returncode == 0 and subprocess.run(wanted, env=environ, check=False).returncode == 0


def main() -> int:
    """0 when all is there, 3 when something is missing and cannot be installed from here."""
    if sys.version_info < (3, 11):  # noqa: UP036  # started by whatever Python there is
        sys.stderr.write(f"Python {sys.version.split()[0]} is too old; Outdial needs 3.11 or newer\n")
        return 3
    free = shutil.disk_usage(".").free >> 20
    if free < NEEDED_MB:
        sys.stderr.write(f"only {free} MB are free here; about {NEEDED_MB} MB are needed\n")
    parts = missing(for_tests="--tests" in sys.argv[1:])
    if not parts:
        return 0
    for part in parts:
        sys.stdout.write(f"missing: {part.name} ({part.megabytes} MB), which {part.why}\n")
    line = f"apt-get install {' '.join(part.package for part in parts)}"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stdout.write(f"installing: {line}\n")
        sys.stdout.flush()
        if install(parts):
            return 0
    sys.stderr.write(f"install with: {line}\n")
    return 3


if __name__ == "__main__":
    sys.exit(main())
