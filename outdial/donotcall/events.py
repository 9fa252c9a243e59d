"""Events of a do-not-call list. One dataclass per schema of schemas/events, field for field."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from outdial.campaign.events import ErasureConfirmed

__all__ = [
    "DoNotCallListCreated",
    "ErasureConfirmed",
    "Event",
    "NumbersAdded",
    "NumbersErased",
    "NumbersRemoved",
]


@dataclass(frozen=True, slots=True)
class DoNotCallListCreated:
    """The list exists."""

    name: str


@dataclass(frozen=True, slots=True)
class NumbersAdded:
    """Row `block_row[i]` of the block is entry `first_entry + i`; `duplicate` rows became none."""

    block_id: str
    block_offset: int
    first_entry: int
    duplicate: int
    block_row: Sequence[int] = ()
    commitment: Sequence[bytes] = ()
    attempt_id: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class NumbersRemoved:
    """The entries of a roaring bitmap are off the list."""

    command_id: str
    entries: bytes
    affected: int


@dataclass(frozen=True, slots=True)
class NumbersErased:
    """The numbers of a removal are gone from every holder."""

    erasure_id: str
    affected: int


Event: TypeAlias = DoNotCallListCreated | NumbersAdded | NumbersRemoved | NumbersErased | ErasureConfirmed
