"""What a decision is given beside state and command, and what it may answer. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from outdial.campaign.events import Event


class Context(NamedTuple):
    """What decide cannot know by itself.

    now_us: the instant of the decision, microseconds UTC, never before the campaign's last event.
    phone_hashes: of an upload chunk's rows, in order; empty = duplicates are not looked for.
    phone_owner: hash -> record that holds it now. delete_grace_s: a delete can be undone for so long.
    erasure_holders: who must confirm an erasure; `view` stands for any view version.
    """

    now_us: int
    command_id: str
    phone_hashes: Sequence[int] = ()
    phone_owner: Mapping[int, int] = MappingProxyType({})
    delete_grace_s: int = 0
    stopped_allows: frozenset[str] = frozenset()
    erasure_holders: frozenset[str] = frozenset({"log", "view"})


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why nothing was appended: `code` is one of schemas/errors.yaml, `details` what a program needs to react."""

    code: str
    details: Mapping[str, object] = field(default_factory=dict)


Decided: TypeAlias = Sequence[Event] | Rejection


def invalid(code: str, *problems: tuple[str, str, str]) -> Rejection:
    """A rejection that names what is wrong and where: (pointer, code, detail) each."""
    errors = [{"pointer": where, "code": kind, "detail": detail} for where, kind, detail in problems]
    return Rejection(code, {"errors": errors})
