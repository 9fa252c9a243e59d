"""`outdial watch [CAMPAIGN]`: position and counts as they change, until Ctrl-C or a position that is waited for."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from outdial.client.cli.failing import Failed, Refused
from outdial.client.cli.remote import Json, place
from outdial.client.cli.running import Work, parser, run
from outdial.runtime.exits import Exit

PAUSES_S: Final = (0.5, 1.0, 2.0, 5.0)
POSITIONS: Final = ("Ready", "Running", "Stopped", "Completed")


def watch(argv: list[str]) -> int:
    """Run the verb."""
    made = parser("watch", "Show position and counts as they change; Ctrl-C ends it.", campaign=False)
    made.add_argument("campaign", metavar="CAMPAIGN", nargs="?", help="the campaign's id (default: all)")
    made.add_argument("--until", choices=POSITIONS, help="end when the campaign is in this position")
    made.set_defaults(json_lines=True)
    return run(made, argv, _watch)


def _watch(work: Work) -> int:
    if work.asked.until and not work.asked.campaign:
        raise Failed(Exit.USAGE, "--until needs a CAMPAIGN to wait for")
    try:
        _follow(work)
    except KeyboardInterrupt:  # the way to end it
        return Exit.OK
    return Exit.OK


def _follow(work: Work) -> None:
    shown: dict[str, Json] = {}
    for kind, data in _events(work):
        if work.asked.json:
            work.document({"event": kind, "data": data})
        for campaign in _campaigns(kind, data):
            _lay_over(work, shown, campaign)
        if work.asked.until and any(one.get("position") == work.asked.until for one in shown.values()):
            return


def _events(work: Work, pause: Callable[[float], None] = time.sleep) -> Iterator[tuple[str, Json]]:
    """Server-sent events for ever; a broken connection is taken up again where it broke."""
    path = place(work.asked.campaign, "watch") if work.asked.campaign else "watch"
    last, failures = "", 0
    while True:
        try:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
            with work.remote.stream(path, headers) as response:
                failures = 0
                for at, kind, data in parsed(response.iter_lines()):
                    last = at or last
                    yield kind, data
        except Refused:
            raise
        except Failed as failure:
            if failures == len(PAUSES_S) and not last:
                raise
            work.note(f"{str(failure).splitlines()[0]}; trying again")
        pause(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
        failures += 1


def parsed(lines: Iterable[str]) -> Iterator[tuple[str, str, Any]]:
    """(id, event, data) of a stream of lines; comments are heartbeats and left out."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line and name:
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and "data" in fields else value
        elif not line and "data" in fields:
            yield fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"])
            fields = {}


def _campaigns(kind: str, data: Json) -> list[Json]:
    """What an event says of campaigns, each with its id."""
    if kind == "snapshot":
        found = data.get("campaigns") or [data["campaign"]]
        return [dict(one) for one in found]
    return [{**data, "campaign_id": data["campaign"]}]


def _lay_over(work: Work, shown: dict[str, Json], said: Json) -> None:
    key = said["campaign_id"]
    before = shown.get(key, {})
    shown[key] = {**before, **said}
    line = _line(shown[key])
    if not work.asked.json and line and line != (_line(before) if before else ""):
        work.say(f"{time.strftime('%H:%M:%S')}  {line}")


def _line(one: Json) -> str:
    counts = one.get("counts")
    if not counts or "position" not in one:
        return ""
    status = ", ".join(f"{name} {count:,}" for name, count in counts["by_status"].items())
    upload = one.get("upload") or {}
    adding = f"; upload {upload.get('upload_id', '')} {upload.get('state', '')}" if upload else ""
    numbers = f"active {counts['active']:,}, calls up {counts['in_progress']:,}, {status}"
    return f"{one['campaign_id']}  {one['position']}  {numbers}{adding}"
