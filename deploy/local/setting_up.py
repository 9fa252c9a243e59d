"""The last step of `make setup`: fetches the broker's jars, and says what every step cost."""

import os
import sys
import time

from deploy.local.kafka import KafkaMissing, jars, java, java_version


def main() -> int:
    """0, or 3 when the broker cannot be had; fast when all is there."""
    if "OUTDIAL_KAFKA" in os.environ:
        return 0
    started = time.monotonic()
    try:
        folder, binary = jars(), java()
    except KafkaMissing as error:
        sys.stderr.write(f"{error}\n")
        return 3
    took = time.monotonic() - started
    if took > 1:
        size = sum(jar.stat().st_size for jar in folder.glob("*.jar")) >> 20
        sys.stdout.write(f"Kafka broker: {size} MB in {took:.0f} s, runs on Java {java_version(binary)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
