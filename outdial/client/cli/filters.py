"""Filters as options: the same fields as everywhere; a value that is empty means blank."""

import argparse
import json
from typing import Any, Final

from outdial.client.cli.failing import Failed
from outdial.runtime.exits import Exit

LISTS: Final = {
    "status": "Pending, Success, Fail or Complete",
    "reason": "such as Busy or NoAnswer",
    "disposition": "an agent's result",
    "priority": "a number, or a range such as 5-9",
    "agent": "the assigned agent",
    "last_agent": "the agent of the last call",
    "skill": "the skill",
    "record_id": "the number of a record",
    "phone": "a phone number",
}
DATES: Final = {
    "from_date": "first day (or instant)",
    "to_date": "last day, included (or instant, excluded)",
    "date_field": "last_attempt, created or updated",
}


def add_filters(made: argparse.ArgumentParser) -> None:
    """The options of the filter fields."""
    group = made.add_argument_group(
        "filters",
        "which records; repeat an option for several values; '' means blank; different options narrow",
    )
    for name, about in DATES.items():
        group.add_argument(_option(name), help=about)
    for name, about in LISTS.items():
        group.add_argument(_option(name), action="append", metavar="VALUE", help=about)
    group.add_argument(
        "--filters", metavar="JSON", help="filters as the API takes them, instead of the options"
    )


def add_all(made: argparse.ArgumentParser) -> None:
    """The word that a command on every record needs."""
    made.add_argument("--all", action="store_true", help="every record of the campaign")


def filters_of(asked: argparse.Namespace) -> Any:
    """The filters that were asked for; {} when none. Raises Failed for JSON that is none."""
    if asked.filters:
        try:
            return json.loads(asked.filters)
        except ValueError as error:
            raise Failed(Exit.USAGE, f"--filters is no JSON: {error}") from error
    said = {name: getattr(asked, name) for name in DATES if getattr(asked, name)}
    lists = {
        name: [value or None for value in getattr(asked, name)] for name in LISTS if getattr(asked, name)
    }
    return {**said, **lists}


def deliberate(asked: argparse.Namespace) -> Any:
    """The filters of a command: no filter at all must be meant. Raises Failed when it was not said."""
    found = filters_of(asked)
    if found in ({}, [{}]) and not asked.all:
        raise Failed(Exit.USAGE, "say which records: one or more filters, or --all for every record")
    if asked.all and found != {}:
        raise Failed(Exit.USAGE, "--all and filters contradict each other; use one of them")
    return found


def as_query(filters: Any) -> str | None:
    """Filters as the `filters` parameter of a read; None for all records."""
    return json.dumps(filters) if filters != {} else None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
