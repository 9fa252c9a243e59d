"""Decides a command against a do-not-call list. No I/O, no clock, no random; never changes the state."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pyroaring import BitMap

from outdial.campaign import record_sets
from outdial.campaign.attempt_id import parse_attempt_id
from outdial.campaign.columns import pick
from outdial.campaign.decision import Context, Rejection, invalid
from outdial.campaign.phones import owners
from outdial.campaign.rules.erasure import is_everywhere
from outdial.campaign.rules.settings_checks import is_text
from outdial.campaign.rules.upload_checks import COMMITMENT_LENGTH, MAX_ROWS
from outdial.donotcall import commands as c
from outdial.donotcall import events as e
from outdial.donotcall.lists import INTERNAL, INTERNAL_NAME, LIST_ID
from outdial.donotcall.state import DoNotCallList

Decided: TypeAlias = Sequence[e.Event] | Rejection
MAX_NUMBERS: Final = 20_000_000
MAX_TEXT: Final = 200


def decide(state: DoNotCallList, command: c.Command, context: Context) -> Decided:
    """The events that the command causes (none: it changes nothing), or why it is refused."""
    if isinstance(command, c.CreateDoNotCallList):
        return _create(state, command)
    if state.sequence == 0 and not (isinstance(command, c.AddToDoNotCall) and state.list_id == INTERNAL):
        return Rejection("list-unknown", {"list": state.list_id})
    return _RULE[type(command)](state, command, context)


def _create(state: DoNotCallList, command: c.CreateDoNotCallList) -> Decided:
    if state.sequence:
        return [] if state.name == command.name else Rejection("list-exists", {"list": state.list_id})
    problems = []
    if not LIST_ID.fullmatch(state.list_id):
        problems.append(("#/list_id", "invalid", "a list id has 1 to 64 of a-z, 0-9 and -"))
    if not is_text(command.name, MAX_TEXT):
        detail = f"a name has 1 to {MAX_TEXT} characters and no control characters"
        problems.append(("#/name", "invalid", detail))
    if problems:
        return invalid("request-invalid", *problems)
    return [e.DoNotCallListCreated(command.name)]


def _add(state: DoNotCallList, command: c.AddToDoNotCall, context: Context) -> Decided:
    """A wish of a call is recorded even when its number is on the list already: it is carried out once, for ever."""
    if command.attempt_id and command.attempt_id in state.attempts:
        return []
    if problems := _problems(command):
        return invalid("request-invalid", *problems)
    new = _new_rows(state, command, context)
    if state.size - 1 + len(new) > MAX_NUMBERS:
        return Rejection("too-many-numbers", {"limit": MAX_NUMBERS})
    if not new and not command.attempt_id:
        return []
    added = e.NumbersAdded(
        block_id=command.block_id if new else "",
        block_offset=command.block_offset if new else 0,
        first_entry=state.size,
        duplicate=len(command.block_row) - len(new),
        block_row=pick(command.block_row, new),
        commitment=pick(command.commitment, new),
        attempt_id=command.attempt_id,
        source=command.source,
    )
    return [added] if state.sequence else [e.DoNotCallListCreated(INTERNAL_NAME), added]


def _problems(command: c.AddToDoNotCall) -> list[tuple[str, str, str]]:
    found = []
    count = len(command.block_row)
    if not 0 < count <= MAX_ROWS or list(command.block_row) != list(range(count)):
        found.append(("#/block_row", "invalid", f"the rows of the block in order, 1 to {MAX_ROWS}"))
    if len(command.commitment) != count or set(map(len, command.commitment)) - {COMMITMENT_LENGTH}:
        found.append(("#/commitment", "length", f"one commitment of {COMMITMENT_LENGTH} bytes a row"))
    if not command.block_id:
        found.append(("#/block_id", "missing", "the block that holds the numbers"))
    if command.source and not is_text(command.source, MAX_TEXT):
        found.append(("#/source", "invalid", f"at most {MAX_TEXT} characters and no control characters"))
    if command.attempt_id:
        try:
            parse_attempt_id(command.attempt_id)
        except ValueError as error:
            found.append(("#/attempt_id", "invalid", str(error)))
    return found


def _new_rows(state: DoNotCallList, command: c.AddToDoNotCall, context: Context) -> list[int]:
    """Places of the rows whose number is not on the list, each number once."""
    hashes = context.phone_hashes
    if len(hashes) != len(command.block_row):
        raise ValueError(f"{len(hashes)} phone hashes for {len(command.block_row)} rows")
    seen: set[int] = set()
    new = []
    for place, (mark, owner) in enumerate(zip(hashes, owners(context.phone_owner, hashes), strict=True)):
        if mark not in seen and (owner is None or not state.is_present(owner)):
            new.append(place)
        seen.add(mark)
    return new


def _remove(state: DoNotCallList, command: c.RemoveFromDoNotCall, context: Context) -> Decided:
    """What is not on the list (any more) is passed over."""
    if len(command.entry) > MAX_ROWS or any(entry < 1 for entry in command.entry):
        return invalid("request-invalid", ("#/entry", "invalid", f"at most {MAX_ROWS} entries, from 1"))
    return _removed(BitMap(command.entry) & state.entries, context)


def _clear(state: DoNotCallList, command: c.ClearDoNotCallList, context: Context) -> Decided:
    count = len(state.entries)
    if command.confirm_affected is None:
        return Rejection("confirmation-required", {"affected": count})
    if command.confirm_affected != count:
        return Rejection("count-changed", {"affected": count})
    return _removed(state.entries.copy(), context)


def _removed(entries: BitMap, context: Context) -> Decided:
    if not entries:
        return []
    return [e.NumbersRemoved(context.command_id, record_sets.to_bytes(entries), len(entries))]


def _confirm(state: DoNotCallList, command: c.ConfirmErasure, context: Context) -> Decided:
    """Idempotent by (erasure, holder)."""
    erasure = state.erasures.get(command.erasure_id)
    if erasure is None or command.holder in erasure.confirmed:
        return []
    events: list[e.Event] = [e.ErasureConfirmed(command.erasure_id, command.holder)]
    if is_everywhere(erasure.confirmed | {command.holder}, context.erasure_holders):
        events.append(e.NumbersErased(command.erasure_id, len(erasure.records)))
    return events


_RULE: Final[Mapping[type, Callable[[DoNotCallList, Any, Context], Decided]]] = {
    c.AddToDoNotCall: _add,
    c.RemoveFromDoNotCall: _remove,
    c.ClearDoNotCallList: _clear,
    c.ConfirmErasure: _confirm,
}
