"""Answers what the network is asked: each function runs inside one transaction of the ledger."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from outdial.telephony.port import (
    DisposedCall,
    Ended,
    EndedCall,
    Live,
    NeverSeen,
    Originate,
    Placement,
    Report,
    Seen,
)
from services.simulator.network import Network, PlannedCall, plan_call

FACTS: Final = tuple(EndedCall.__dataclass_fields__)
_COLUMNS: Final = (
    *FACTS,
    "grp",
    "answer",
    "placed_us",
    "outcome",
    "disposition",
    "disposition_us",
    "callback_us",
    "end_due",
    "disposition_due",
)
_INSERT: Final = (
    f"INSERT INTO calls ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"  # noqa: S608  # our own names
)


@dataclass(frozen=True, slots=True)
class Due:
    """A report that the listener of a group must have, from an instant on."""

    at_us: int
    group: str
    report: Report


@dataclass(frozen=True, slots=True)
class Placed:
    """The answers to a batch of originates, and the reports that will follow from it."""

    answers: list[Placement]
    due: list[Due]


def originate(
    db: sqlite3.Connection, network: Network, group: str, calls: Sequence[Originate], now_us: int
) -> Placed:
    """Place what is new and in time; a known id gets its first answer again."""
    free = network.lines - _up(db, now_us)
    answers: list[Placement] = []
    due: list[Due] = []
    for call in calls:
        known = db.execute("SELECT answer FROM calls WHERE call_id = ?", (call.call_id,)).fetchone()
        answer = Placement(known[0]) if known else _judge(call, free, now_us)
        if known is None:
            planned = plan_call(network, call, now_us) if answer is Placement.PLACED else None
            _write(db, group, call, answer, planned, now_us)
            if planned is not None:
                free -= 1
                due += reports_of(planned, group)
        db.execute(
            "INSERT INTO asks (asked_us, call_id, attempt_id, answer, is_first) VALUES (?, ?, ?, ?, ?)",
            (now_us, call.call_id, call.attempt_id, answer.value, known is None),
        )
        answers.append(answer)
    return Placed(answers, due)


def look_up(db: sqlite3.Connection, call_ids: Sequence[str], void: bool, now_us: int) -> list[Seen]:
    """What became of each; `void` makes sure that an unknown id stays unplaced."""
    return [_look_up(db, call_id, void, now_us) for call_id in call_ids]


def acknowledge(db: sqlite3.Connection, reports: Sequence[Report]) -> None:
    """These reports need not be sent again."""
    for report in reports:
        column = "end_due" if isinstance(report, EndedCall) else "disposition_due"
        db.execute(f"UPDATE calls SET {column} = 0 WHERE call_id = ?", (report.call_id,))  # noqa: S608  # one of two


def all_due(db: sqlite3.Connection) -> list[Due]:
    """Every report that is not acknowledged: what a restart has to take up again."""
    rows = db.execute(
        f"SELECT {', '.join(FACTS)}, grp, outcome, disposition, disposition_us, callback_us, end_due,"  # noqa: S608  # our own names
        " disposition_due FROM calls WHERE end_due OR disposition_due"
    )
    found: list[Due] = []
    for row in rows:
        facts = EndedCall(*row[: len(FACTS)])
        group, outcome, disposition, at_us, callback_us, end_due, disposition_due = row[len(FACTS) :]
        planned = PlannedCall(outcome, facts, disposition, at_us, callback_us)
        found += [
            due
            for due in reports_of(planned, group)
            if (end_due if isinstance(due.report, EndedCall) else disposition_due)
        ]
    return found


def listen(db: sqlite3.Connection, group: str, url: str) -> None:
    """Remember where a group's reports go."""
    db.execute("INSERT OR REPLACE INTO listeners (grp, url) VALUES (?, ?)", (group, url))


def listeners(db: sqlite3.Connection) -> dict[str, str]:
    """Where each group's reports go."""
    return dict(db.execute("SELECT grp, url FROM listeners").fetchall())


def reports_of(planned: PlannedCall, group: str) -> list[Due]:
    """The reports of a call, each with its instant."""
    facts = planned.facts
    found = [Due(facts.hangup_us, group, facts)]
    if planned.disposition_us:
        report = DisposedCall(
            event_id=f"{facts.call_id}/disposition",
            call_id=facts.call_id,
            attempt_id=facts.attempt_id,
            disposition=planned.disposition,
            agent=facts.agent,
            callback_us=planned.callback_us,
        )
        found.append(Due(planned.disposition_us, group, report))
    return found


def _judge(call: Originate, free: int, now_us: int) -> Placement:
    if now_us >= call.originate_before_us:
        return Placement.LATE
    return Placement.PLACED if free > 0 else Placement.BUSY


def _up(db: sqlite3.Connection, now_us: int) -> int:
    """Calls that are up: they end in the future and so are not reported yet."""
    found = db.execute("SELECT count(*) FROM calls WHERE end_due AND hangup_us > ?", (now_us,)).fetchone()
    return int(found[0])


def _write(
    db: sqlite3.Connection,
    group: str,
    call: Originate,
    answer: Placement,
    planned: PlannedCall | None,
    now_us: int,
) -> None:
    facts = planned.facts if planned else EndedCall(call.call_id, call.attempt_id)
    row = {name: getattr(facts, name) for name in FACTS} | {
        "grp": group,
        "answer": answer.value,
        "placed_us": now_us if planned else 0,
        "outcome": planned.outcome if planned else "",
        "disposition": planned.disposition if planned else "",
        "disposition_us": planned.disposition_us if planned else 0,
        "callback_us": planned.callback_us if planned else 0,
        "end_due": planned is not None,
        "disposition_due": bool(planned and planned.disposition_us),
    }
    db.execute(_INSERT, row)


def _look_up(db: sqlite3.Connection, call_id: str, void: bool, now_us: int) -> Seen:
    row = db.execute(
        f"SELECT answer, {', '.join(FACTS)} FROM calls WHERE call_id = ?",  # noqa: S608  # our own names
        (call_id,),
    ).fetchone()
    if row is None:
        if void:
            blank = Originate("", call_id, "", "", 0, 0)
            _write(db, "", blank, Placement.VOID, None, now_us)
        return NeverSeen(voided=void)
    if row[0] != Placement.PLACED:
        return NeverSeen(voided=True)
    facts = EndedCall(*row[1:])
    return Ended(facts) if facts.hangup_us <= now_us else Live()
