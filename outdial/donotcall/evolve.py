"""Applies one event to a do-not-call list. Total: what is in the log has happened. No clock but the event's time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from outdial.campaign import record_sets
from outdial.campaign.fold.checks import Unappliable
from outdial.campaign.state import ChunkRef, Erasure
from outdial.donotcall import events as e
from outdial.donotcall.state import DoNotCallList

__all__ = ["Unappliable", "evolve"]


def evolve(state: DoNotCallList, event: e.Event, at_us: int) -> DoNotCallList:
    """The list after the event, whose `ce_time` is `at_us`; the given state is used up.

    Raises Unappliable for an event that no history of ours has at this place; the state is unusable then.
    """
    kind = type(event)
    if (kind is e.DoNotCallListCreated) == (state.sequence > 0):
        raise Unappliable(f"{kind.__name__} at sequence {state.sequence + 1}")
    try:
        _FOLD[kind](state, event, at_us)
    except (LookupError, OverflowError, ValueError) as error:
        raise Unappliable(f"{kind.__name__} at sequence {state.sequence + 1}: {error!r}") from error
    state.sequence += 1
    state.updated_us = at_us
    return state


def _created(state: DoNotCallList, event: e.DoNotCallListCreated, at_us: int) -> None:
    state.name, state.created_us = event.name, at_us


def _added(state: DoNotCallList, event: e.NumbersAdded, at_us: int) -> None:
    count = len(event.block_row)
    if event.first_entry != state.size:
        raise Unappliable(f"entry {event.first_entry} does not follow {state.size - 1}")
    if event.attempt_id:
        state.attempts.add(event.attempt_id)
    if not count:
        return
    state.entries.add_range(state.size, state.size + count)
    rows = tuple(event.block_row)
    kept = range(count) if rows == tuple(range(count)) else rows
    size = count + event.duplicate
    state.chunks.append(
        ChunkRef("", event.block_id, event.block_offset, state.size, kept, size),
    )
    state.size += count


def _removed(state: DoNotCallList, event: e.NumbersRemoved, at_us: int) -> None:
    entries = record_sets.from_bytes(event.entries)
    state.entries -= entries
    state.erasures[event.command_id] = Erasure(event.command_id, entries, at_us, at_us)


def _confirmed(state: DoNotCallList, event: e.ErasureConfirmed, at_us: int) -> None:
    if erasure := state.erasures.get(event.erasure_id):
        confirmed = erasure.confirmed | {event.holder}
        state.erasures[event.erasure_id] = replace(erasure, confirmed=confirmed)


def _erased(state: DoNotCallList, event: e.NumbersErased, at_us: int) -> None:
    """The references to blocks of which nothing is left go too."""
    if state.erasures.pop(event.erasure_id, None) is not None:
        state.chunks = [chunk for chunk in state.chunks if _is_needed(state, chunk)]


def _is_needed(state: DoNotCallList, chunk: ChunkRef) -> bool:
    """Whether an entry of it is on the list, or not erased yet."""
    first, end = chunk.first_record, chunk.first_record + len(chunk.block_rows)
    waiting = (erasure.records for erasure in state.erasures.values())
    return any(kept.range_cardinality(first, end) for kept in (state.entries, *waiting))


_FOLD: Final[Mapping[type, Callable[[DoNotCallList, Any, int], None]]] = {
    e.DoNotCallListCreated: _created,
    e.NumbersAdded: _added,
    e.NumbersRemoved: _removed,
    e.ErasureConfirmed: _confirmed,
    e.NumbersErased: _erased,
}
