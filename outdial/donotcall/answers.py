"""What people and programs are told of a command to a do-not-call list, carried out or tried only."""

from collections.abc import Sequence

from outdial.campaign.decision import Context, Rejection
from outdial.campaign.preview import Answer
from outdial.donotcall import commands as c
from outdial.donotcall import events as e
from outdial.donotcall.decide import decide
from outdial.donotcall.state import DoNotCallList


def numbers_text(count: int) -> str:
    """A number of numbers: `1 number`, `1,204 numbers`."""
    return f"{count:,} number" if count == 1 else f"{count:,} numbers"


def answer(before: DoNotCallList, command: c.Command, events: Sequence[e.Event]) -> Answer:
    """The answer to a command that was accepted."""
    if isinstance(command, c.AddToDoNotCall):
        return _added(command, events)
    if not events:
        return Answer(0, False, "Nothing has changed.")
    match events[0]:
        case e.DoNotCallListCreated():
            return Answer(0, True, "The list is created.")
        case e.NumbersRemoved(affected=count):
            details = {"erasure_id": events[0].command_id}
            return Answer(count, True, f"{numbers_text(count)} taken off the list.", details)
        case _:
            return Answer(0, True, "The erasure is confirmed.")


def preview(state: DoNotCallList, command: c.Command, context: Context) -> Answer | Rejection:
    """What the command would do."""
    decided = decide(state, command, context)
    if isinstance(decided, Rejection):
        if decided.code in ("confirmation-required", "count-changed"):
            count = len(state.entries)
            return Answer(count, False, f"{numbers_text(count)} would be taken off the list.")
        return decided
    told = answer(state, command, decided)
    return Answer(told.affected, False, "It would be accepted." if decided else told.message, told.details)


def _added(command: c.AddToDoNotCall, events: Sequence[e.Event]) -> Answer:
    new = sum(len(event.block_row) for event in events if isinstance(event, e.NumbersAdded))
    duplicate = len(command.block_row) - new
    message = f"{numbers_text(new)} put on the list; {duplicate:,} on it already."
    return Answer(new, bool(events), message, {"added": new, "duplicate": duplicate})
