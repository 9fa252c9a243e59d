"""Filters over records: values only; their meaning is in selection."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """Chooses records: any value within a list, all of the fields together.

    A field that is None does not restrict, an empty list matches nothing, None in a list means blank.
    """

    date_field: str | None = None
    from_date: str | None = None
    to_date: str | None = None
    status: Sequence[str | None] | None = None
    reason: Sequence[str | None] | None = None
    disposition: Sequence[str | None] | None = None
    priority: Sequence[str | None] | None = None
    agent: Sequence[str | None] | None = None
    last_agent: Sequence[str | None] | None = None
    skill: Sequence[str | None] | None = None
    record_id: Sequence[int] | None = None
