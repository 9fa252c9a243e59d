"""`outdial reset|delete-records CAMPAIGN [filters]`: count first, ask, then do it to exactly what was counted."""

import argparse
from collections.abc import Mapping
from typing import Any, Final

from outdial.client.cli.filters import add_all, add_filters, deliberate
from outdial.client.cli.remote import Json, place
from outdial.client.cli.running import Work, command_options, parser, run
from outdial.runtime.exits import Exit

GROUPS: Final = ("status", "reason", "disposition", "priority", "agent", "skill")
SHOWN: Final = 8


def reset(argv: list[str]) -> int:
    """Run the verb."""
    made = _parser("reset", "Make the matching records dialable again in a new pass; the campaign is Ready.")
    return run(made, argv, _reset)


def delete_records(argv: list[str]) -> int:
    """Run the verb."""
    made = _parser("delete-records", "Delete the matching records for good.")
    return run(made, argv, _delete)


def _parser(verb: str, about: str) -> argparse.ArgumentParser:
    made = parser(verb, about)
    add_filters(made)
    add_all(made)
    command_options(made, asks=True)
    return made


def _reset(work: Work) -> int:
    filters = deliberate(work.asked)
    preview = work.remote.preview(work.asked.campaign, "reset", {"filters": filters})
    if _is_over(work, preview):
        return Exit.OK
    work.confirm(f"Reset {_records(preview['affected'])} of {work.asked.campaign}?")
    return _do(work, "reset", {"filters": filters, "selection": preview["selection"]})


def _delete(work: Work) -> int:
    filters = deliberate(work.asked)
    preview = work.remote.preview(work.asked.campaign, "delete-records", {"filters": filters})
    if _is_over(work, preview):
        return Exit.OK
    work.confirm(
        f"Delete {_records(preview['affected'])} of {work.asked.campaign} for good? They cannot be brought back."
    )
    return _do(work, "delete-records", {"filters": filters, "confirm": preview["selection"]})


def _is_over(work: Work, preview: Json) -> bool:
    """Show what matches; whether that was all that was asked, or all there is to do."""
    if work.asked.dry_run and work.asked.json:
        work.document(preview)
        return True
    lines = [f"{_records(preview['affected'])} match.", *_breakdown(preview)]
    if work.asked.dry_run:
        work.say("\n".join(lines))
        return True
    if not preview["affected"]:
        work.tell(preview, "No record matches; nothing was changed.")
        return True
    work.note("\n".join(lines))
    return False


def _breakdown(preview: Mapping[str, Any]) -> list[str]:
    lines = [_counts(group, preview.get(f"by_{group}") or {}) for group in GROUPS]
    lines.append(_counts("not dialable", preview.get("not_dialable") or {}))
    if preview.get("without_date"):
        lines.append(f"  {_records(preview['without_date'])} have no such date and do not match")
    if preview.get("in_progress"):
        lines.append(f"  {_records(preview['in_progress'])} have a call up")
    return [line for line in lines if line]


def _counts(group: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    first = [f"{value or '(blank)'} {count:,}" for value, count in list(counts.items())[:SHOWN]]
    more = [f"and {len(counts) - SHOWN} more"] if len(counts) > SHOWN else []
    return f"  by {group}: {', '.join(first + more)}"


def _records(count: int) -> str:
    return f"{count:,} record{'' if count == 1 else 's'}"


def _do(work: Work, verb: str, body: Mapping[str, Any]) -> int:
    answer = work.remote.command(f"{place(work.asked.campaign)}/{verb}", body, work.asked.key)
    work.tell(answer, answer["message"])
    return Exit.OK
