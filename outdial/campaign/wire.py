"""Commands and events to and from the fields of their Avro schemas. The names are the classes', listed literally."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeAlias

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.columns import column
from outdial.campaign.filter import Filter
from outdial.campaign.settings import AbandonLimit, CallingWindow, CampaignSettings, Disposition, RetryRule
from outdial.messages.codec import Undecodable

__all__ = ["COMMANDS", "EVENTS", "Undecodable", "column", "from_fields", "read", "to_fields"]

Message: TypeAlias = c.Command | e.Event

COMMANDS: Final[Mapping[str, type[c.Command]]] = {
    "CreateCampaign": c.CreateCampaign,
    "ChangeSettings": c.ChangeSettings,
    "StartCampaign": c.StartCampaign,
    "StopCampaign": c.StopCampaign,
    "ResetCampaign": c.ResetCampaign,
    "DeleteRecords": c.DeleteRecords,
    "ForceComplete": c.ForceComplete,
    "UndoCommand": c.UndoCommand,
    "BeginUpload": c.BeginUpload,
    "AddRecords": c.AddRecords,
    "CommitUpload": c.CommitUpload,
    "RejectUpload": c.RejectUpload,
    "AbandonUpload": c.AbandonUpload,
    "WithdrawUpload": c.WithdrawUpload,
    "ClaimAttempts": c.ClaimAttempts,
    "EndAttempts": c.EndAttempts,
    "WithdrawAttempts": c.WithdrawAttempts,
    "RecordDisposition": c.RecordDisposition,
    "TakeOverDialling": c.TakeOverDialling,
    "ExcludeRecords": c.ExcludeRecords,
    "CompleteIfDone": c.CompleteIfDone,
    "ConfirmErasure": c.ConfirmErasure,
}
EVENTS: Final[Mapping[str, type[e.Event]]] = {
    "CampaignCreated": e.CampaignCreated,
    "SettingsChanged": e.SettingsChanged,
    "CampaignStarted": e.CampaignStarted,
    "CampaignStopped": e.CampaignStopped,
    "CampaignCompleted": e.CampaignCompleted,
    "CampaignReset": e.CampaignReset,
    "CampaignForceCompleted": e.CampaignForceCompleted,
    "RecordsDeleted": e.RecordsDeleted,
    "CommandUndone": e.CommandUndone,
    "UploadBegun": e.UploadBegun,
    "RecordsAdded": e.RecordsAdded,
    "UploadCommitted": e.UploadCommitted,
    "UploadRejected": e.UploadRejected,
    "UploadAbandoned": e.UploadAbandoned,
    "AttemptsClaimed": e.AttemptsClaimed,
    "AttemptsEnded": e.AttemptsEnded,
    "AttemptsCorrected": e.AttemptsCorrected,
    "AttemptsWithdrawn": e.AttemptsWithdrawn,
    "DispositionRecorded": e.DispositionRecorded,
    "DiallingTakenOver": e.DiallingTakenOver,
    "RecordsExcluded": e.RecordsExcluded,
    "ErasureConfirmed": e.ErasureConfirmed,
    "RecordsErased": e.RecordsErased,
}
_MESSAGES: Final[Mapping[str, type]] = {**COMMANDS, **EVENTS}
# Fields that hold values of their own: one, or a list of them.
_NESTED: Final[Mapping[str, type]] = {
    "settings": CampaignSettings,
    "abandon": AbandonLimit,
    "filters": Filter,
    "dispositions": Disposition,
    "retry": RetryRule,
    "calling_window": CallingWindow,
}
# Columns that are equally long; the first of each group says how long.
_ROWS: Final = ("row", "priority", "expires_us", "agent", "skill", "zone", "commitment")
_INVALID: Final = ("invalid_row", "invalid_code", "invalid_column")
_CLAIMS: Final = ("record", "attempt", "pass_number", "zone", "zone_source")
_ENDS: Final = (
    "record",
    "attempt",
    "pass_number",
    "outcome",
    "ring_us",
    "answer_us",
    "connect_us",
    "hangup_us",
)
_EVIDENCE: Final = ("cause", "sip_code", "agent")
_FATES: Final = ("status", "reason", "next_attempt_us")
_COLUMNS: Final[Mapping[type, Sequence[Sequence[str]]]] = {
    c.AddRecords: (_ROWS, _INVALID),
    c.ClaimAttempts: (_CLAIMS,),
    c.EndAttempts: ((*_ENDS, *_EVIDENCE),),
    c.WithdrawAttempts: (("record", "attempt", "cause"),),
    c.ExcludeRecords: (("record", "reason"),),
    e.RecordsAdded: ((*_ROWS, "block_row"), ("duplicate_row", "duplicate_code"), _INVALID),
    e.AttemptsClaimed: (_CLAIMS,),
    e.AttemptsEnded: ((*_ENDS, *_EVIDENCE, *_FATES),),
    e.AttemptsCorrected: ((*_ENDS, *_EVIDENCE, *_FATES),),
    e.AttemptsWithdrawn: (("record", "attempt", "cause"),),
    e.RecordsExcluded: (("record", "reason"),),
}


def to_fields(message: Any) -> dict[str, Any]:
    """The fields of a command or event as its schema has them."""
    kind: type = type(message)
    return {name: _plain(getattr(message, name)) for name, _, _ in _plan(kind)}


def from_fields(name: str, values: Mapping[str, Any]) -> Message:
    """The command or event of that name; Undecodable for another name, a missing field, columns of unequal length."""
    message: Message = read(_MESSAGES, _COLUMNS, name, values)
    return message


def read(
    kinds: Mapping[str, type],
    columns: Mapping[type, Sequence[Sequence[str]]],
    name: str,
    values: Mapping[str, Any],
) -> Any:
    """The message of that name among `kinds`, its `columns` equally long; raises Undecodable.

    Fields that are not known here are left out: a newer schema may have them.
    """
    kind = kinds.get(name)
    if kind is None:
        raise Undecodable(f"{name} is neither a command nor an event here")
    message = _build(kind, values)
    for group in columns.get(kind, ()):
        _check(message, group)
    return message


def _check(message: Any, group: Sequence[str]) -> None:
    count = len(getattr(message, group[0]))
    for name in group[1:]:
        if len(getattr(message, name)) not in (0, count):
            length = len(getattr(message, name))
            raise Undecodable(f"{type(message).__name__}: {name} has {length} values for {count} rows")


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    found = {}
    for name, needed, nested in _plan(kind):
        if name in values:
            value = values[name]
            found[name] = value if nested is None or value is None else _value(nested, value)
        elif needed:
            raise Undecodable(f"{kind.__name__}: {name} is missing")
    return kind(**found)


@cache
def _plan(kind: type) -> Sequence[tuple[str, bool, type | None]]:
    """Of each field: its name, whether a message must have it, the class of values of their own."""
    return [
        (
            field.name,
            field.default is MISSING and field.default_factory is MISSING,
            _NESTED.get(field.name),
        )
        for field in fields(kind)
    ]


def _value(nested: type, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _build_value(nested, value)
    return tuple(_build_value(nested, one) for one in value)


def _build_value(kind: type, values: Mapping[str, Any]) -> Any:
    """A value of its own: small, so that its lists are tuples and equal values compare equal."""
    tuples = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return _build(kind, tuples)


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | bytes):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list | range):
        return [_plain(one) for one in value] if value and is_dataclass(value[0]) else list(value)
    return dict(value) if isinstance(value, Mapping) else value
