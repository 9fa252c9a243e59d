"""Commands to a do-not-call list. One dataclass per schema of schemas/commands, field for field."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from outdial.campaign.commands import ConfirmErasure

__all__ = [
    "AddToDoNotCall",
    "ClearDoNotCallList",
    "Command",
    "ConfirmErasure",
    "CreateDoNotCallList",
    "RemoveFromDoNotCall",
]


@dataclass(frozen=True, slots=True)
class CreateDoNotCallList:
    """Create a list."""

    name: str


@dataclass(frozen=True, slots=True)
class AddToDoNotCall:
    """Put the numbers of one block on the list; `attempt_id` is the call in which it was asked for, if any."""

    block_id: str
    block_offset: int
    block_row: Sequence[int] = ()
    commitment: Sequence[bytes] = ()
    attempt_id: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class RemoveFromDoNotCall:
    """Take entries off the list."""

    entry: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class ClearDoNotCallList:
    """Take every number off the list; `confirm_affected` says how many are on it."""

    confirm_affected: int | None = None


Command: TypeAlias = (
    CreateDoNotCallList | AddToDoNotCall | RemoveFromDoNotCall | ClearDoNotCallList | ConfirmErasure
)
