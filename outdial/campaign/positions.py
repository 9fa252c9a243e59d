"""What a campaign's position allows, as data: one table for decide, API, console and docs. Knows no other rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

NOTHING: Final[frozenset[str]] = frozenset()


class Position(StrEnum):
    """Where a campaign stands."""

    READY = "Ready"
    RUNNING = "Running"
    STOPPED = "Stopped"
    COMPLETED = "Completed"


class Verdict(StrEnum):
    """What the table says of one command in one position."""

    YES = "yes"
    NO = "no"
    ALREADY = "already"  # accepted, changes nothing, says so


def _row(*verdicts: str) -> Mapping[Position, Verdict]:
    return dict(zip(Position, map(Verdict, verdicts), strict=True))


# fmt: off
# Source: the product's description, "Outbound campaign functions"; architecture, section 11.
POSITION_TABLE: Final[Mapping[str, Mapping[Position, Verdict]]] = {
    #                          Ready  Running    Stopped    Completed
    "StartCampaign":      _row("yes", "already", "yes",     "no"),
    "StopCampaign":       _row("no",  "yes",     "already", "no"),
    "ResetCampaign":      _row("no",  "no",      "yes",     "yes"),
    "DeleteRecords":      _row("yes", "no",      "yes",     "yes"),
    "Download":           _row("yes", "no",      "no",      "yes"),
    "AddData":            _row("yes", "no",      "no",      "yes"),
    "ForceComplete":      _row("yes", "yes",     "yes",     "already"),
    "ChangeSettings":     _row("yes", "no",      "yes",     "yes"),
    "UndoCommand":        _row("yes", "no",      "yes",     "yes"),
    "WithdrawUpload":     _row("yes", "no",      "yes",     "yes"),
    "RecordDisposition":  _row("yes", "yes",     "yes",     "yes"),
    "EndAttempts":        _row("yes", "yes",     "yes",     "yes"),
}
# fmt: on
# Add Data is a function of the product; in the log it begins with BeginUpload.
ROW_OF: Final[Mapping[str, str]] = {"BeginUpload": "AddData"}
# What `OUTDIAL_STOPPED_ALLOWS` may open in Stopped.
STOPPED_MAY_ALLOW: Final[Mapping[str, str]] = {"download": "Download", "add-data": "AddData"}
FACTS: Final = frozenset({"RecordDisposition", "EndAttempts"})

_STOP_FIRST: Final = "The campaign is running: stop it first."
_NO: Final[Mapping[str, Mapping[Position, str]]] = {
    "StartCampaign": {
        Position.COMPLETED: "The campaign is completed: reset records or add data, then start it.",
    },
    "StopCampaign": {
        Position.READY: "The campaign has not been started: there is nothing to stop.",
        Position.COMPLETED: "The campaign is completed: there is nothing to stop.",
    },
    "ResetCampaign": {
        Position.READY: "The campaign is ready: only a stopped or completed one can be reset.",
    },
    "Download": {
        Position.STOPPED: "The campaign is stopped: only a ready or completed one can be downloaded.",
    },
    "AddData": {
        Position.STOPPED: "The campaign is stopped: data can be added to a ready or completed one.",
    },
}
_ALREADY: Final[Mapping[str, str]] = {
    "StartCampaign": "The campaign is running already.",
    "StopCampaign": "The campaign is stopped already.",
    "ForceComplete": "The campaign is completed already.",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell for programs and people: `code` of a refusal or `already`, else None; `text` says why."""

    allowed: bool
    code: str | None
    text: str | None


@cache
def verdict(command: str, position: Position, stopped_allows: frozenset[str] = NOTHING) -> Verdict:
    """Look up one cell; KeyError for a command that is no function of the position."""
    row = ROW_OF.get(command, command)
    if position is Position.STOPPED and row in {STOPPED_MAY_ALLOW.get(word) for word in stopped_allows}:
        return Verdict.YES
    return POSITION_TABLE[row][position]


def is_function(command: str) -> bool:
    """Whether the table speaks of the command at all."""
    return ROW_OF.get(command, command) in POSITION_TABLE


def allowed(position: Position, stopped_allows: frozenset[str] = NOTHING) -> list[str]:
    """The functions that a person may use now, in the table's order; facts are not among them."""
    return [
        row
        for row in POSITION_TABLE
        if row not in FACTS and verdict(row, position, stopped_allows) is Verdict.YES
    ]


def cell(command: str, position: Position, stopped_allows: frozenset[str] = NOTHING) -> Cell:
    """One cell with the text that people see; KeyError as `verdict`."""
    row = ROW_OF.get(command, command)
    match verdict(row, position, stopped_allows):
        case Verdict.YES:
            return Cell(True, None, None)
        case Verdict.ALREADY:
            return Cell(True, "already", _ALREADY[row])
        case Verdict.NO:
            return Cell(False, "position-does-not-allow", _NO.get(row, {}).get(position, _STOP_FIRST))
