"""`outdial records|history|why CAMPAIGN`."""

from typing import Any, Final

from outdial.client.cli.filters import add_filters, as_query, filters_of
from outdial.client.cli.remote import Json, place
from outdial.client.cli.running import Work, parser, run
from outdial.runtime.exits import Exit

COLUMNS: Final = {
    "Record#": "record_id",
    "Phone": "phone",
    "Name": "name",
    "Priority#": "priority",
    "Status": "status",
    "Reason": "reason",
    "Disposition": "disposition",
    "Agent": "agent",
    "Skill": "skill",
    "Attempts#": "attempts",
    "Last attempt": "last_attempt_at",
    "Next attempt": "next_attempt_at",
}
SHORT: Final = 100


def records(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("records", "List the records that match.")
    made.add_argument("--limit", type=int, default=50, help="at most so many (50)")
    add_filters(made)
    return run(made, argv, _records)


def history(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("history", "The campaign's events, oldest first.")
    made.add_argument("--limit", type=int, default=1_000, help="at most so many (1000)")
    made.add_argument("--after", type=int, help="only those behind this sequence")
    made.add_argument("--type", action="append", help="only this event; repeat for several")
    made.add_argument("--actor", help="only what this actor did")
    return run(made, argv, _history)


def why(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("why", "Why records are, or are not, called now.")
    made.add_argument("--record", type=int, metavar="ID", help="one record")
    return run(made, argv, _why)


def _records(work: Work) -> int:
    query = {"filters": as_query(filters_of(work.asked))}
    items = list(work.remote.items(place(work.asked.campaign, "records"), work.asked.limit, **query))
    if work.asked.json:
        work.document({"items": items})
        return Exit.OK
    work.table(list(COLUMNS), [[item.get(name) for name in COLUMNS.values()] for item in items])
    if len(items) == work.asked.limit:
        work.note(f"The first {len(items):,}; --limit shows more.")
    return Exit.OK


def _history(work: Work) -> int:
    asked = work.asked
    query = {"after": asked.after, "type": asked.type, "actor": asked.actor}
    items = list(work.remote.items(place(asked.campaign, "history"), asked.limit, **query))
    if asked.json:
        work.document({"items": items})
    else:
        work.table(("Sequence#", "Time", "Event", "By", "What"), [_event(item) for item in items])
    return Exit.OK


def _event(item: Json) -> list[Any]:
    said = {
        name: value for name, value in (item.get("data") or {}).items() if value not in (None, "", 0, [], {})
    }
    what = ", ".join(f"{name.replace('_', ' ')} {_brief(value)}" for name, value in said.items())
    short = what if len(what) <= SHORT else f"{what[:SHORT]}…"
    return [item["sequence"], item["time"], item["type"].removeprefix("outdial."), item["actor"], short]


def _brief(value: Any) -> str:
    """A value of an event; what is long as how much it is."""
    if not isinstance(value, list | dict):
        return str(value)
    values = list(value.values() if isinstance(value, dict) else value)
    is_short = len(values) <= 5 and not any(isinstance(one, list | dict) for one in values)
    return " ".join(map(str, values)) if is_short else f"({len(values)} values)"


def _why(work: Work) -> int:
    record = work.asked.record
    path = (
        place(work.asked.campaign, "why")
        if record is None
        else place(work.asked.campaign, "records", str(record), "why")
    )
    found = work.remote.get(path)
    if work.asked.json:
        work.document(found)
        return Exit.OK
    if found.get("text"):
        work.say(found["text"])
    reasons = found.get("reasons") or {}
    rows = [[name, f"{count:,}"] for name, count in reasons.items()] if isinstance(reasons, dict) else []
    if rows:
        work.table(("Why not called", "Records#"), rows)
    elif reasons:
        work.table(("Why",), [[one.get("text", one) if isinstance(one, dict) else one] for one in reasons])
    return Exit.OK
