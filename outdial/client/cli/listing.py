"""`outdial do-not-call list|create|add|load|check|remove|clear`: who is never to be phoned."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from outdial.client.cli.failing import Failed
from outdial.client.cli.progress import Counted, progress
from outdial.client.cli.remote import Json
from outdial.client.cli.running import Work, command_options, common, guarded
from outdial.runtime.exits import Exit

LISTED: Final = ("List", "Name", "Numbers#", "Version#", "Changed")
SHOWN_ERRORS: Final = 20
LOAD_PATIENCE_S: Final = 3600.0  # it is answered when the last of millions of numbers is on the list


def do_not_call(argv: list[str]) -> int:
    """Run the verb."""
    made = argparse.ArgumentParser(
        "outdial do-not-call", description="Lists of numbers that no campaign dials. All lists apply to all."
    )
    subs = made.add_subparsers(dest="what", required=True)
    common(subs.add_parser("list", help="the lists, with how many numbers are on each"))
    for name, (about, asks) in _CHANGES.items():
        sub = subs.add_parser(name, help=about)
        sub.add_argument("list_id", metavar="LIST", help="small letters, digits, -")
        common(sub)
        command_options(sub, asks=asks)
        _OPTIONS[name](sub)
    check = subs.add_parser("check", help="on which lists numbers are; exit code 1 when any is on one")
    _numbers(check)
    common(check)
    try:
        asked = made.parse_args(argv)
    except SystemExit as usage:
        return int(usage.code or 0)
    return guarded(asked, _VERBS[asked.what])


def _numbers(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("numbers", metavar="NUMBER", nargs="+", help="with +, or national with --region")
    sub.add_argument("--region", default="", help="for national numbers, such as IN")


def _added(sub: argparse.ArgumentParser) -> None:
    _numbers(sub)
    sub.add_argument("--source", default="", help="where they come from; never personal data")


def _named(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--name", help="for people (default: the id)")


def _nothing_more(sub: argparse.ArgumentParser) -> None:
    """It takes no more than its list."""


def _loaded(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", metavar="FILE", help=".xlsx, .xlsm or .csv with a column PhoneNumber")
    sub.add_argument("--region", default="", help="for national numbers, such as IN")
    sub.add_argument("--source", help="where they come from (default: the file's name)")


def _list(work: Work) -> int:
    items = work.remote.get("do-not-call")["items"]
    if work.asked.json:
        work.document({"items": items})
    elif items:
        work.table(LISTED, [_line(item) for item in items])
    else:
        work.note("There is no list yet; `outdial do-not-call add internal NUMBER` begins one.")
    return Exit.OK


def _line(item: Json) -> list[str]:
    numbers = f"{item['numbers']:,}"
    return [item["list_id"], item["name"], numbers, str(item["version"]), item["updated_at"]]


def _create(work: Work) -> int:
    if _only_said(work, f"The list {work.asked.list_id} would be created."):
        return Exit.OK
    body = {"list_id": work.asked.list_id, "name": work.asked.name or work.asked.list_id}
    answer = work.remote.command("do-not-call", body, work.asked.key)
    work.tell(answer, f"{answer['list']}: {answer['message']}")
    return Exit.OK


def _add(work: Work) -> int:
    if _only_said(work, f"{len(work.asked.numbers):,} numbers would be put on {work.asked.list_id}."):
        return Exit.OK
    body = {"numbers": work.asked.numbers, "region": work.asked.region, "source": work.asked.source}
    return _tell_receipt(work, work.remote.command(_place(work, "numbers"), body, work.asked.key))


def _load(work: Work) -> int:
    path = Path(work.asked.file)
    fields = {"region": work.asked.region, "source": work.asked.source or path.name}
    if _only_said(work, f"The numbers of {path.name} would be put on {work.asked.list_id}."):
        return Exit.OK
    try:
        with (
            path.open("rb") as file,
            progress(work.err, f"Sending {path.name}", path.stat().st_size) as meter,
        ):
            key = work.asked.key or str(uuid4())
            told = work.remote.send_file(
                _place(work, "uploads"),
                path.name,
                Counted(file, meter),
                fields,
                key,
                patience_s=LOAD_PATIENCE_S,
            )
    except OSError as error:
        raise Failed(Exit.USAGE, f"{path} cannot be read: {error.strerror or error}") from error
    return _tell_receipt(work, told)


def _tell_receipt(work: Work, receipt: Json) -> int:
    work.tell(receipt, f"{receipt['list']}: {receipt['message']}")
    errors = receipt["errors"][:SHOWN_ERRORS]
    if errors and not work.asked.json:
        work.table(("Row#", "Why"), [(one["row"], one["text"]) for one in errors])
    return Exit.OK if receipt["read"] == 0 or receipt["invalid"] < receipt["read"] else Exit.REJECTED


def _check(work: Work) -> int:
    body = {"numbers": work.asked.numbers, "region": work.asked.region}
    found = work.remote.command("do-not-call/check", body)["items"]
    if work.asked.json:
        work.document({"items": found})
    else:
        work.table(("Number", "Listed", "On", "Since"), [_checked(one) for one in found])
    return Exit.FINDINGS if any(one["listed"] for one in found) else Exit.OK


def _checked(one: Json) -> tuple[str, str, str, str]:
    told = ("yes" if one["listed"] else "no") if one["valid"] else "no number"
    on = ", ".join(entry["list_id"] for entry in one["entries"])
    return one["number"], told, on, min((entry["added_at"] for entry in one["entries"]), default="")


def _remove(work: Work) -> int:
    asked = work.asked
    if _only_said(work, f"{len(asked.numbers):,} numbers would be taken off {asked.list_id}."):
        return Exit.OK
    work.confirm(f"{asked.list_id}: {len(asked.numbers):,} numbers may be dialled again. Take them off?")
    answer = work.remote.command(
        _place(work, "remove"), {"numbers": asked.numbers, "region": asked.region}, asked.key
    )
    work.tell(answer, f"{answer['list']}: {answer['message']}")
    return Exit.OK


def _clear(work: Work) -> int:
    preview = work.remote.dry_run(_place(work, "clear"), {})
    if work.asked.dry_run:
        work.tell(preview, f"{work.asked.list_id}: {preview['message']}")
        return Exit.OK
    count = preview["affected"]
    work.confirm(f"{work.asked.list_id}: all {count:,} numbers may be dialled again. Take them off?")
    answer = work.remote.command(_place(work, "clear"), {"confirm": count}, work.asked.key)
    work.tell(answer, f"{answer['list']}: {answer['message']}")
    return Exit.OK


def _only_said(work: Work, text: str) -> bool:
    """Whether it was only asked what would happen, which is said then."""
    if work.asked.dry_run:
        work.tell({"message": text}, text)
    return bool(work.asked.dry_run)


def _place(work: Work, what: str) -> str:
    return f"do-not-call/{quote(work.asked.list_id, safe='')}/{what}"


_CHANGES: Final = {
    "create": ("a new list", False),
    "add": ("put numbers on a list", False),
    "load": ("put the numbers of a file on a list", False),
    "remove": ("take numbers off a list", True),
    "clear": ("take every number off a list", True),
}
_OPTIONS: Final[Mapping[str, Callable[[argparse.ArgumentParser], None]]] = {
    "create": _named,
    "add": _added,
    "load": _loaded,
    "remove": _numbers,
    "clear": _nothing_more,
}
_VERBS: Final = {
    "list": _list,
    "create": _create,
    "add": _add,
    "load": _load,
    "check": _check,
    "remove": _remove,
    "clear": _clear,
}
