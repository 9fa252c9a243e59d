"""Commands and events of do-not-call lists from the fields of their Avro schemas."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from outdial.campaign.wire import read
from outdial.donotcall import commands as c
from outdial.donotcall import events as e

__all__ = ["COMMANDS", "EVENTS", "from_fields"]

Message: TypeAlias = c.Command | e.Event

COMMANDS: Final[Mapping[str, type[c.Command]]] = {
    "CreateDoNotCallList": c.CreateDoNotCallList,
    "AddToDoNotCall": c.AddToDoNotCall,
    "RemoveFromDoNotCall": c.RemoveFromDoNotCall,
    "ClearDoNotCallList": c.ClearDoNotCallList,
    "ConfirmErasure": c.ConfirmErasure,
}
EVENTS: Final[Mapping[str, type[e.Event]]] = {
    "DoNotCallListCreated": e.DoNotCallListCreated,
    "NumbersAdded": e.NumbersAdded,
    "NumbersRemoved": e.NumbersRemoved,
    "ErasureConfirmed": e.ErasureConfirmed,
    "NumbersErased": e.NumbersErased,
}
_MESSAGES: Final[Mapping[str, type[Message]]] = {**COMMANDS, **EVENTS}
_COLUMNS: Final[Mapping[type, Sequence[Sequence[str]]]] = {
    c.AddToDoNotCall: (("block_row", "commitment"),),
    e.NumbersAdded: (("block_row", "commitment"),),
}


def from_fields(name: str, values: Mapping[str, Any]) -> Message:
    """The command or event of that name; Undecodable for another name, a missing field, columns of unequal length."""
    message: Message = read(_MESSAGES, _COLUMNS, name, values)
    return message
