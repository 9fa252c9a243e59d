"""Turns what was decided into the CommandResult that callers, and later repetitions, are told."""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from outdial.campaign.decision import Rejection
from outdial.campaign.preview import Answer
from outdial.messages.envelope import Envelope
from services.command.families import State

_json: Final = json.JSONEncoder(sort_keys=True, default=str).encode  # json.dumps makes one for each call


class Asked(NamedTuple):
    """What an answer repeats of its command."""

    envelope: Envelope
    request_hash: bytes
    decided_us: int
    remember: bool


def accepted(asked: Asked, before: int, state: State, answer: Answer) -> dict[str, Any]:
    """The fields of an acceptance; `before` is the sequence of the stream before the command."""
    return {
        **_asked(asked, state),
        "accepted": True,
        "code": "",
        "details": _json(answer.details) if answer.details else "{}",
        "first_sequence": before + 1 if state.sequence > before else 0,
        "affected": answer.affected,
        "changed": state.sequence > before,
        "message": answer.message,
    }


def rejected(asked: Asked, state: State, rejection: Rejection, text: str) -> dict[str, Any]:
    """The fields of a rejection: code, details for programs, text for people."""
    return {
        **_asked(asked, state),
        "accepted": False,
        "code": rejection.code,
        "details": _json(dict(rejection.details)),
        "first_sequence": 0,
        "affected": 0,
        "changed": False,
        "message": text,
    }


def text_of(rejection: Rejection, errors: Mapping[str, Any]) -> str:
    """What errors.yaml says of the code, as one text."""
    if text := rejection.details.get("text"):
        return str(text)
    entry = errors[rejection.code]
    return f"{entry['means']}; {entry['do']}"


def _asked(asked: Asked, state: State) -> dict[str, Any]:
    return {
        "command_id": asked.envelope.id,
        "command_type": asked.envelope.type,
        "request_hash": asked.request_hash,
        "remember": asked.remember,
        "stream": asked.envelope.subject,
        "last_sequence": state.sequence,
        "version": state.version,
        "position": str(state.position) if state.sequence else "",
        "decided_us": asked.decided_us,
    }
