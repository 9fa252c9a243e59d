"""Runs the benchmarks that are named, or all: `python -m tests.bench [names] [--records N]`; prints a table."""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from deploy.local.platform import LocalPlatform
from tests.bench.measuring import Line, Place, machine

HEAD: Final = "| what | measured | bound | | beside it |\n|---|---|---|---|---|"


def names() -> list[str]:
    """Every benchmark there is: the modules that are called `bench_…`."""
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> int:
    """Exit code 1 when a figure misses its bound."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("names", nargs="*", help=f"of {', '.join(names())}")
    arguments.add_argument("--records", type=int, default=1_000_000)
    given = arguments.parse_args()
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # brokers that a benchmark kills
    if unknown := set(given.names) - set(names()):
        arguments.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="outdial-bench-") as folder:
        Path(folder).chmod(0o755)  # the database's account must reach its folder
        with LocalPlatform(Path(folder)) as platform:
            place = Place(
                bootstrap=platform.bootstrap,
                dsn=platform.dsn,
                folder=folder,
                broker_pid=platform.pid("broker"),
                database_pid=platform.pid("database"),
                records=given.records,
            )
            lines = [line for name in given.names or names() for line in _run(name, place)]
    return int(any(line.verdict == "FAIL" for line in lines))


def _run(name: str, place: Place) -> Sequence[Line]:
    began = time.monotonic()
    _tell(f"\n### {name} ({machine()}, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC)\n")
    lines: Sequence[Line] = import_module(f"tests.bench.bench_{name}").run(place)
    for text in (HEAD, *(line.shown() for line in lines), f"\n{time.monotonic() - began:.0f} s"):
        _tell(text)
    return lines


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
