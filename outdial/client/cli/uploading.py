"""`outdial upload CAMPAIGN FILE`: Add Data, with progress and a receipt that accounts for every row."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

from outdial.client.cli.failing import Failed
from outdial.client.cli.part_file import part_file
from outdial.client.cli.progress import Counted, progress
from outdial.client.cli.remote import Json, place
from outdial.client.cli.running import Work, parser, run
from outdial.runtime.exits import Exit

ASK_EVERY_S: Final = 0.5
OPEN: Final = ("queued", "checking")
SHOWN_ERRORS: Final = 20


def upload(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("upload", "Add data from an Excel workbook (.xlsx, .xlsm) or a CSV file.")
    made.add_argument("file", metavar="FILE")
    made.add_argument(
        "--duplicates", choices=("skip", "allow"), default="skip", help="numbers that are there already"
    )
    made.add_argument(
        "--mode",
        choices=("accept-valid", "all-or-nothing"),
        default="accept-valid",
        help="when rows are invalid",
    )
    made.add_argument(
        "--new-columns", choices=("refuse", "add"), default="refuse", help="columns not declared"
    )
    made.add_argument("--errors", metavar="FILE", help="save the rows that were not added as a workbook")
    made.add_argument("--no-wait", action="store_true", help="end when the file is sent")
    made.add_argument("--key", help="idempotency key: the same key adds the file once")
    return run(made, argv, _upload)


def _upload(work: Work, pause: Callable[[float], None] = time.sleep) -> int:
    sent = _send(work)
    if work.asked.no_wait:
        work.tell(
            sent,
            f"Upload {sent['upload_id']} was sent; `outdial watch {work.asked.campaign}` shows its progress.",
        )
        return Exit.OK
    receipt = _settled(work, sent, pause)
    if work.asked.errors and receipt["errors"]:
        _save_errors(work, receipt)
    if work.asked.json:
        work.document(receipt)
    else:
        _show(work, receipt)
    return Exit.OK if receipt["state"] == "committed" else Exit.REJECTED


def _send(work: Work) -> Json:
    path = Path(work.asked.file)
    fields = {name: getattr(work.asked, name) for name in ("duplicates", "mode", "new_columns")}
    try:
        with (
            path.open("rb") as file,
            progress(work.err, f"Sending {path.name}", path.stat().st_size) as meter,
        ):
            key = work.asked.key or str(uuid4())
            target = place(work.asked.campaign, "uploads")
            return work.remote.send_file(target, path.name, Counted(file, meter), fields, key)
    except OSError as error:
        raise Failed(Exit.USAGE, f"{path} cannot be read: {error.strerror or error}") from error


def _settled(work: Work, sent: Json, pause: Callable[[float], None]) -> Json:
    """Ask until the upload is over."""
    receipt = sent
    with work.err.status("Checking rows…") as status:
        while receipt["state"] in OPEN:
            pause(ASK_EVERY_S)
            receipt = work.remote.get(place(work.asked.campaign, "uploads", sent["upload_id"]))
            status.update(_progress(receipt))
    return receipt


def _progress(receipt: Json) -> str:
    if receipt["state"] == "queued":
        return "Waiting for the upload before this one…"
    return f"Checking rows… {receipt.get('rows_done') or receipt.get('read') or 0:,} done"


def _save_errors(work: Work, receipt: Json) -> None:
    path = Path(work.asked.errors)
    source = place(work.asked.campaign, "uploads", receipt["upload_id"], "errors.xlsx")
    with work.remote.stream(source) as response, part_file(path) as file:
        for block in response.iter_bytes():
            file.write(block)
    work.note(f"Rows to correct: {path}")


def _show(work: Work, receipt: Json) -> None:
    if receipt["state"] != "committed":
        why = receipt.get("text") or receipt.get("code") or "nothing was added"
        work.note(f"{receipt['file_name']}: {receipt['state']}. {why}")
    names = ("read", "accepted", "duplicate", "invalid")
    work.table(["Upload", "State", *(f"{name.capitalize()}#" for name in names)], [_row(receipt, names)])
    if receipt.get("ignored_columns"):
        work.note(f"Columns of a download that were ignored: {', '.join(receipt['ignored_columns'])}")
    if receipt.get("other_sheets"):
        sheets = ", ".join(receipt["other_sheets"])
        work.note(f"Sheets with phone numbers that were not read; upload each as a file of its own: {sheets}")
    errors = receipt["errors"][:SHOWN_ERRORS]
    if errors:
        work.say("")
        work.table(("Row#", "Column", "Why"), [(one["row"], one["column"], one["text"]) for one in errors])
        if not work.asked.errors:
            work.note("--errors FILE saves every row that was not added, to correct and upload again.")


def _row(receipt: Json, names: tuple[str, ...]) -> list[str]:
    return [receipt["upload_id"], receipt["state"], *(f"{receipt.get(name) or 0:,}" for name in names)]
