"""`outdial campaigns list|create|show`."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from outdial.client.cli.failing import Failed
from outdial.client.cli.remote import Json, place
from outdial.client.cli.running import Work, common, guarded
from outdial.runtime.exits import Exit

LISTED: Final = ("Campaign", "Name", "Position", "Total#", "Active#", "Calls up#", "Success#", "Fail#")


def campaigns(argv: list[str]) -> int:
    """Run the verb."""
    made = argparse.ArgumentParser("outdial campaigns", description="List, create and show campaigns.")
    subs = made.add_subparsers(dest="what", required=True)
    common(subs.add_parser("list", help="all campaigns"))
    show = subs.add_parser("show", help="one campaign: counts, what is allowed, settings")
    show.add_argument("campaign", metavar="CAMPAIGN")
    common(show)
    _create_options(subs.add_parser("create", help="a new campaign; it is Ready"))
    try:
        asked = made.parse_args(argv)
    except SystemExit as usage:
        return int(usage.code or 0)
    return guarded(asked, {"list": _list, "show": _show, "create": _create}[asked.what])


def _create_options(create: argparse.ArgumentParser) -> None:
    create.add_argument("name", metavar="NAME")
    create.add_argument(
        "--id", dest="campaign_id", help="small letters, digits, -; made from the key if missing"
    )
    create.add_argument("--region", help="for national phone numbers, such as IN")
    create.add_argument("--time-zone", help="IANA zone, such as Asia/Kolkata")
    create.add_argument(
        "--type", dest="campaign_type", choices=("preview", "progressive", "predictive", "ivr")
    )
    create.add_argument("--dial-method", choices=("nonagentwise", "agentwise", "skillwise"))
    create.add_argument("--caller-id")
    for one, many in (("column", "columns"), ("agent", "agents"), ("skill", "skills")):
        create.add_argument(f"--{one}", dest=many, action="append", metavar="NAME", help="repeat for several")
    create.add_argument(
        "--settings", metavar="FILE", help="JSON with further settings, as the API takes them"
    )
    create.add_argument("--key", help="idempotency key: the same key creates one campaign")
    common(create)
    create.set_defaults(key=None)


def _list(work: Work) -> int:
    items = list(work.remote.items("campaigns", 100_000))
    if work.asked.json:
        work.document({"items": items})
    elif items:
        work.table(LISTED, [_line(item) for item in items])
    else:
        work.note("There is no campaign yet; `outdial campaigns create NAME` makes one.")
    return Exit.OK


def _line(item: Json) -> list[Any]:
    counts, status = item["counts"], item["counts"]["by_status"]
    numbers = [
        counts["total"],
        counts["active"],
        counts["in_progress"],
        status.get("Success", 0),
        status.get("Fail", 0),
    ]
    return [item["campaign_id"], item["name"], item["position"], *(f"{number:,}" for number in numbers)]


def _show(work: Work) -> int:
    found = work.remote.get(place(work.asked.campaign))
    if work.asked.json:
        work.document(found)
        return Exit.OK
    work.table(LISTED, [_line(found)])
    reasons = {name: count for name, count in found["counts"]["by_reason"].items() if name}
    if reasons:
        work.say("\nReasons: " + ", ".join(f"{name} {count:,}" for name, count in reasons.items()))
    work.say("")
    work.table(("Function", "Allowed", "Why"), [_cell(found, name) for name in found["allowed"]])
    work.say("")
    settings = [
        (name, _plain(value))
        for name, value in found.get("settings", {}).items()
        if value not in (None, "", [])
    ]
    work.table(("Setting", "Value"), settings)
    return Exit.OK


def _cell(found: Json, name: str) -> tuple[str, str, str]:
    one = found["allowed"][name]
    if name == "undo" and one["allowed"] and not found["undo"]:
        return name, "no", "There is nothing to undo."
    return name, "yes" if one["allowed"] else "no", one["text"] or ""


def _create(work: Work) -> int:
    names = ("name", "campaign_id", "region", "time_zone", "campaign_type", "dial_method", "caller_id")
    body = {**_settings(work.asked.settings)}
    body |= {
        name: value
        for name in (*names, "columns", "agents", "skills")
        if (value := getattr(work.asked, name))
    }
    answer = work.remote.command("campaigns", body, work.asked.key)
    work.tell(answer, f"{answer['campaign']}: {answer['message']}")
    return Exit.OK


def _settings(file: str | None) -> Json:
    if not file:
        return {}
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failed(Exit.USAGE, f"--settings {file} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise Failed(Exit.USAGE, f"--settings {file} should hold one JSON object")
    return found


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
