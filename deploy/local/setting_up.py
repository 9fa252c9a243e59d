"""The last step of `make setup`: fetches the broker's jars, records its start, and says what each step cost."""

import os
import sys
import time

from deploy.local.kafka import START_UP_CACHE, KafkaMissing, jars, java, java_version, record_start_up

WORTH_SAYING_S = 1.0


def main() -> int:
    """0, or 3 when the broker cannot be had; fast when all is there."""
    if "OUTDIAL_KAFKA" in os.environ:
        return 0
    try:
        started = time.monotonic()
        folder, binary = jars(), java()
        size = sum(jar.stat().st_size for jar in folder.glob("*.jar"))
        say(f"Kafka broker, on Java {java_version(binary)}", size, started)
        started = time.monotonic()
        if record_start_up():
            say("start-up cache of the broker", (folder / START_UP_CACHE).stat().st_size, started)
    except KafkaMissing as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


def say(what: str, size: int, started: float) -> None:
    """Size and time of a step that had something to do."""
    took = time.monotonic() - started
    if took > WORTH_SAYING_S:
        sys.stdout.write(f"{what}: {size >> 20} MB in {took:.0f} s\n")


if __name__ == "__main__":
    sys.exit(main())
