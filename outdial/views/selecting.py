"""Filters as SQL, with the meaning that they have on the record book."""

from collections.abc import Sequence
from typing import Any, Final

from outdial.campaign.dates import date_range_us
from outdial.campaign.filter import Filter
from outdial.campaign.filter_checks import priority_range

# Records that people see, with what changes per attempt beside them.
VISIBLE: Final = """
    FROM records AS r
    JOIN record_states AS s ON s.campaign = r.campaign AND s.record = r.record
    JOIN uploads AS u ON u.campaign = r.campaign AND u.upload_id = r.upload_id
    WHERE r.campaign = %s AND s.deleted_by IS NULL AND u.is_committed
"""
_COLUMN: Final = {
    "status": "s.status",
    "reason": "s.reason",
    "disposition": "s.disposition",
    "agent": "r.agent",
    "last_agent": "s.last_agent",
    "skill": "r.skill",
}
_DATE: Final = {"created": "r.created_us", "updated": "s.updated_us", "last_attempt": "s.last_attempt_us"}


ALL: Final = "((true))"  # the condition of a filter that restricts nothing


def condition(filters: Sequence[Filter], zone: str, default_date_field: str) -> tuple[str, list[Any]]:
    """A condition for WHERE and its parameters: any of the filters matches; none for no filter."""
    found = [_one(one, zone, default_date_field) for one in filters]
    if not found:
        return "false", []
    text = " OR ".join(f"({part})" for part, _ in found)
    return f"({text})", [value for _, values in found for value in values]


def _one(one: Filter, zone: str, default_date_field: str) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for name, column in _COLUMN.items():
        wanted = getattr(one, name)
        if wanted is not None:
            # a status is never blank; elsewhere null means blank, which the views keep as an empty text
            parts.append(f"{column} = ANY(%s::text[])")
            values.append([value or "" for value in wanted if value is not None or name != "status"])
    if one.priority is not None:
        ranges = [bounds for value in one.priority if value is not None and (bounds := priority_range(value))]
        parts.append("(" + (" OR ".join("r.priority BETWEEN %s AND %s" for _ in ranges) or "false") + ")")
        values += [bound for bounds in ranges for bound in bounds]
    if one.record_id is not None:
        parts.append("r.record = ANY(%s::bigint[])")
        values.append(list(one.record_id))
    dates, limits = _dates(one, zone, default_date_field)
    return " AND ".join([*parts, *dates]) or "true", [*values, *limits]


def _dates(one: Filter, zone: str, default_date_field: str) -> tuple[list[str], list[Any]]:
    first, last = date_range_us(one, zone)
    column = _DATE[one.date_field or default_date_field]
    if first is None and last is None:
        return [], []
    parts, values = [f"{column} <> 0"], []
    if first is not None:
        parts.append(f"{column} >= %s")
        values.append(first)
    if last is not None:
        parts.append(f"{column} < %s")
        values.append(last)
    return parts, values
