"""One download in a process of its own, as the API makes it; tells what it cost as JSON.

`python -m tests.bench.one_download DSN CAMPAIGN FORMAT FILE`; the format `copy` is what PostgreSQL makes by itself.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from outdial.campaign.filter import Filter
from outdial.views.database import connect_blocking
from outdial.views.download import CELLS, extra_cell
from outdial.views.selecting import VISIBLE
from services.api.ports import DownloadOrder
from services.api.snapshots import Snapshots
from tests.bench.seeding import COLUMNS, ZONE

INSTANTS: Final = {"ExpiryDate", "LastAttemptAt", "NextAttemptAt", "CreatedAt", "UpdatedAt"}


def plain_select() -> str:
    """The columns of a download with instants as PostgreSQL's own timestamps, and nothing made safe."""
    cells = [
        f"to_timestamp(nullif({cell}, 0) / 1000000)" if name in INSTANTS else cell
        for name, cell in CELLS.items()
    ]
    return ", ".join([*cells[:7], *map(extra_cell, COLUMNS), *cells[7:]])


def plain_copy(dsn: str, campaign: str) -> Iterator[bytes | bytearray | memoryview]:
    """`COPY (the same select) TO STDOUT` as CSV, rows as they come."""
    query = f"COPY (SELECT {plain_select()} {VISIBLE} ORDER BY r.record) TO STDOUT (FORMAT csv)"
    with connect_blocking(dsn) as db:
        db.execute("SET max_parallel_workers_per_gather = 0")
        db.execute("SELECT set_config('timezone', %s, false)", [ZONE])
        with db.cursor() as cursor, cursor.copy(query, [campaign]) as copied:
            yield from copied


def blocks_of(dsn: str, campaign: str, kind: str) -> Iterator[bytes | bytearray | memoryview]:
    """The blocks of a file."""
    if kind == "copy":
        return plain_copy(dsn, campaign)
    order = DownloadOrder(campaign, (Filter(),), "", kind)
    return asyncio.run(Snapshots(dsn, frozenset()).open(order)).blocks


def main(dsn: str, campaign: str, kind: str, file: str) -> None:
    """Write the file; print wall, cpu and first byte in seconds, and peak memory in MB."""
    began, cpu, first, size = time.perf_counter(), time.process_time(), 0.0, 0
    with Path(file).open("wb") as out:
        for block in blocks_of(dsn, campaign, kind):
            first = first or time.perf_counter() - began
            out.write(block)
            size += len(block)
    told = {
        "wall_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "first_s": first,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "mb": size / 1e6,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
