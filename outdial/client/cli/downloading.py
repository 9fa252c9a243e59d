"""`outdial download CAMPAIGN --format xlsx --output FILE|-`: streamed, whole or not there at all."""

import re
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

import httpx

from outdial.client.cli.failing import Failed
from outdial.client.cli.filters import add_filters, as_query, filters_of
from outdial.client.cli.part_file import part_file
from outdial.client.cli.progress import progress
from outdial.client.cli.remote import place
from outdial.client.cli.running import Work, parser, run
from outdial.runtime.exits import Exit

FORMATS: Final = ("csv", "xlsx", "xml", "pdf")
BINARY: Final = ("xlsx", "pdf")


def download(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("download", "Download the records as CSV, Excel, XML or PDF.")
    made.add_argument("--format", choices=FORMATS, required=True)
    made.add_argument(
        "--output", "-o", metavar="FILE|-", help="where to write; - is standard output (default: as named)"
    )
    made.add_argument("--bom", action="store_true", help="begin CSV with a byte order mark, for Excel")
    made.add_argument(
        "--exact", action="store_true", help="leave cells that a spreadsheet would run as they are"
    )
    add_filters(made)
    return run(made, argv, _download)


def _download(work: Work) -> int:
    asked = work.asked
    to_stdout = asked.output == "-"
    if to_stdout and sys.stdout.isatty() and asked.format in BINARY:
        raise Failed(Exit.USAGE, f"{asked.format} is nothing for a terminal; name a file with --output")
    query: dict[str, Any] = {"format": asked.format, "filters": as_query(filters_of(asked))}
    query |= {name: "true" for name in ("bom", "exact") if getattr(asked, name)}
    with work.remote.stream(place(asked.campaign, "download"), **query) as response:
        if to_stdout:
            _copy(work, response, sys.stdout.buffer, "standard output")
            sys.stdout.buffer.flush()
            return Exit.OK
        path = Path(asked.output or _named(response, f"{asked.campaign}.{asked.format}"))
        with part_file(path) as file:
            size = _copy(work, response, file, path.name)
    at = response.headers.get("Outdial-Log-Position", "")
    work.tell({"file": str(path), "bytes": size, "log_position": at}, f"{path}  {size:,} bytes, as of {at}")
    return Exit.OK


def _copy(work: Work, response: httpx.Response, file: BinaryIO, name: str) -> int:
    length = response.headers.get("Content-Length")
    done = 0
    with progress(work.err, name, int(length) if length else None) as meter:
        for block in response.iter_bytes():
            file.write(block)
            meter(len(block))
            done += len(block)
    return done


def _named(response: httpx.Response, otherwise: str) -> str:
    """The file name of the answer, never a path."""
    found = re.search(r'filename="([^"/\\]+)"', response.headers.get("Content-Disposition", ""))
    return found[1] if found and not found[1].startswith(".") else otherwise
