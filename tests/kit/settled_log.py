"""Judges a log at rest beside what its clients were told: each command was taken once, no answer was heard in vain.

At rest = nobody appends, and every command that was appended has been taken.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.kit.log_reading import Entry, Log

Key = tuple[str, str]
Told = Mapping[str, Any]  # the fields of an answer as a client heard it
TOLD = (
    *("accepted", "code", "version", "position", "first_sequence", "last_sequence"),
    *("affected", "changed", "message", "decided_us"),
)


def check_settled(log: Log, told: Sequence[Told] = ()) -> list[str]:
    """All findings as sentences."""
    return [*check_taken(log), *check_causes(log), *check_told(log, told)]


def check_taken(log: Log) -> Iterable[str]:
    """Every copy of a command in the log is answered once, or stands in quarantine once."""
    quarantined = Counter(entry.header("outdial_quarantine_from") for entry in log.quarantine)
    answers = Counter((entry.fields["stream"], entry.fields["command_id"]) for entry in log.results)
    copies: Counter[Key] = Counter()
    for command in log.commands:
        times = quarantined.pop(command.where, 0)
        if times > 1:
            yield f"{command.where} stands {times} times in quarantine"
        if not times:
            copies[_key(command)] += 1
    yield from (f"{place} is in quarantine and no command" for place in quarantined)
    for key in copies.keys() | answers.keys():
        if copies[key] != answers[key]:
            yield f"command {key} stands {copies[key]} times in the log and has {answers[key]} answers"


def check_causes(log: Log) -> Iterable[str]:
    """Every event was caused by a command of the log."""
    commands = {_key(command) for command in log.commands}
    for event in log.events:
        if (event.key, event.header("ce_causationid")) not in commands:
            yield f"{event.where}: nobody asked for {event.key}@{event.sequence}"


def check_told(log: Log, told: Sequence[Told]) -> Iterable[str]:
    """What a client heard is what the log holds, word for word."""
    held: dict[Key, set[tuple[object, ...]]] = defaultdict(set)
    for entry in log.results:
        key = (entry.fields["stream"], entry.fields["command_id"])
        held[key].add(tuple(entry.fields[name] for name in TOLD))
    for answer in told:
        key = (answer["stream"], answer["command_id"])
        heard = tuple(answer[name] for name in TOLD)
        if heard not in held[key]:
            yield f"command {key} was told {heard}; the log holds {sorted(map(str, held[key]))}"


def _key(command: Entry) -> Key:
    return command.header("ce_subject"), command.header("ce_id")
