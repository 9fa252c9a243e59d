"""Filters from a body or a query to the filters of the domain; phone numbers become record numbers here."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field, WithJsonSchema

from outdial.campaign.filter import Filter
from outdial.campaign.selection import FilterInvalid, parse_filters
from services.api.problems import Problem

Values = list[str | None] | None
FindPhones = Callable[[Sequence[str | None]], Awaitable[Sequence[int]]]


class RecordFilter(BaseModel):
    """Chooses records: OR within a list, AND between; null in a list is blank; an empty list: nothing."""

    from_date: str | None = Field(
        None, description="a date (its whole day in the campaign's zone) or an instant"
    )
    to_date: str | None = Field(None, description="a date (included) or an instant (excluded)")
    date_field: str | None = Field(None, description="last_attempt, created or updated")
    status: Values = None
    reason: Values = None
    disposition: Values = None
    priority: Values = Field(None, description='numbers, or ranges such as "5-9"')
    agent: Values = Field(None, description="the assigned agent")
    last_agent: Values = None
    skill: Values = None
    record_id: Values = None
    phone: Values = Field(None, description="E.164, or as the campaign's region writes them")


NAMES: Final = frozenset(RecordFilter.model_fields)
LISTS: Final = NAMES - {"from_date", "to_date", "date_field"}
BESIDE: Final = frozenset({"filters", "limit", "cursor", "format", "bom", "exact"})
"""Parameters that stand beside filters in a query."""
_ONE: Final = RecordFilter.model_json_schema() | {"additionalProperties": False}
_FORM: Final = {
    "description": "One filter, or up to 20 joined by OR; {} means all records.",
    "anyOf": [_ONE, {"type": "array", "maxItems": 20, "items": _ONE}],
}
RecordFilters = Annotated[Any, WithJsonSchema(_FORM)]
"""Taken as it comes: the domain's parser judges it and names what it does not know."""
_Many = Annotated[list[str] | None, Query(description="repeat for several; `null` is blank")]
_One = Annotated[str | None, Query()]


def query_filters(  # noqa: PLR0913, PLR0917 - one parameter per field of the contract
    request: Request,
    filters: Annotated[str | None, Query(description="filters as JSON, instead of the single fields")] = None,
    from_date: _One = None,
    to_date: _One = None,
    date_field: _One = None,
    status: _Many = None,
    reason: _Many = None,
    disposition: _Many = None,
    priority: _Many = None,
    agent: _Many = None,
    last_agent: _Many = None,
    skill: _Many = None,
    record_id: _Many = None,
    phone: _Many = None,
) -> Any:
    """The raw filters of a query: repeated parameters are lists, `null` is blank. Raises `filter-invalid`."""
    if filters is not None:
        return _from_json(filters)
    said = request.query_params
    return {
        name: [None if value == "null" else value for value in said.getlist(name)]
        if name in LISTS
        else said[name]
        for name in dict.fromkeys(said)
        if name not in BESIDE
    }


QueryFilters = Annotated[Any, Depends(query_filters)]


async def filters_of(raw: Any, default_date_field: str, find_phones: FindPhones) -> tuple[Filter, ...]:
    """Check raw filters and resolve their phone numbers. Raises `filters-missing`, `filter-invalid`."""
    if raw is None:
        raise Problem("filters-missing")
    alone = not isinstance(raw, list)
    resolved = [await _without_phone(one, find_phones) for one in ([raw] if alone else raw)]
    try:
        return tuple(parse_filters(resolved[0] if alone else resolved, default_date_field))
    except FilterInvalid as error:
        raise invalid(error) from error


async def _without_phone(raw: Any, find_phones: FindPhones) -> Any:
    if not isinstance(raw, Mapping) or "phone" not in raw:
        return raw
    phones = raw["phone"]
    if not isinstance(phones, list) or any(one is not None and not isinstance(one, str) for one in phones):
        raise _wrong("phone", "a list of numbers as text")
    found = set(await find_phones(phones))
    if "record_id" in raw:
        found &= {int(one) for one in raw["record_id"] if str(one).isdecimal()}
    return {name: value for name, value in raw.items() if name != "phone"} | {"record_id": sorted(found)}


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _wrong("filters", "JSON") from error


def _wrong(name: str, should: str) -> Problem:
    detail = f"{name} must be {should}."
    errors = [{"pointer": f"#/filters/{name}", "code": "filter-invalid", "detail": detail}]
    return Problem("filter-invalid", detail, errors=errors)


def invalid(error: FilterInvalid) -> Problem:
    """What the domain's parser says, each fault with its place; over HTTP `phone` is a filter too."""
    errors = [
        {
            "pointer": one.pointer,
            "code": one.code,
            "detail": one.detail + (", phone" if one.code == "unknown-field" else ""),
        }
        for one in error.problems
    ]
    return Problem("filter-invalid", "; ".join(one["detail"] for one in errors), errors=errors)
