"""Checks filters: from JSON to values, and values against what the campaign knows. Names the known ones."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from outdial.campaign.dates import date_range_us
from outdial.campaign.filter import Filter
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import OUTCOMES, REASONS, STATUSES

MAX_FILTERS: Final = 20
DATE_FIELDS: Final = ("last_attempt", "created", "updated")
_NAMES: Final = tuple(field.name for field in fields(Filter))
_TEXTS: Final = ("date_field", "from_date", "to_date")
_PRIORITY: Final = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FilterProblem:
    """One thing wrong: `pointer` into the filters, `code` unknown-field, unknown-value or invalid-value."""

    pointer: str
    code: str
    detail: str


class FilterInvalid(ValueError):
    """The filters cannot be used; `problems` says every reason, with the known names."""

    def __init__(self, problems: Sequence[FilterProblem]) -> None:
        super().__init__("; ".join(problem.detail for problem in problems))
        self.problems = tuple(problems)


def parse_filters(raw: object, default_date_field: str = "last_attempt") -> tuple[Filter, ...]:
    """Filters from their JSON form: one object, or an array of at most 20 joined by OR. Raises FilterInvalid.

    `{}` is all records. Where a date is asked for without its field, the filter says the default one.
    """
    many = raw if isinstance(raw, list | tuple) else [raw]
    if len(many) > MAX_FILTERS:
        detail = f"{len(many)} filters, at most {MAX_FILTERS} are taken"
        raise FilterInvalid([FilterProblem("#/filters", "invalid-value", detail)])
    problems: list[FilterProblem] = []
    found = [
        _parse_one(one, f"#/filters/{place}" if many is raw else "#/filters", default_date_field, problems)
        for place, one in enumerate(many)
    ]
    if problems:
        raise FilterInvalid(problems)
    return tuple(found)


def _parse_one(raw: object, at: str, default_date_field: str, problems: list[FilterProblem]) -> Filter:
    if not isinstance(raw, Mapping):
        problems.append(
            FilterProblem(at, "invalid-value", "a filter is an object such as {} or a list of them")
        )
        return Filter()
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in _NAMES:
            detail = f"{name} is no filter; known are {', '.join(_NAMES)}"
            problems.append(FilterProblem(f"{at}/{name}", "unknown-field", detail))
        elif value is not None:
            values[name] = _parse_value(name, value, f"{at}/{name}", problems)
    if ("from_date" in values or "to_date" in values) and "date_field" not in values:
        values["date_field"] = default_date_field
    one = Filter(**values)
    # The zone plays no part in whether a date can be read.
    problems += [FilterProblem(at + name, code, text) for name, code, text in _form_problems(one, "UTC")]
    return one


def _parse_value(name: str, value: object, at: str, problems: list[FilterProblem]) -> object:
    if name in _TEXTS:
        if isinstance(value, str):
            return value
        problems.append(FilterProblem(at, "invalid-value", f"{name} is a text"))
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        value = [value]
    listed = list(value)
    if name == "record_id":
        return _parse_numbers(listed, at, problems)
    if any(not isinstance(item, str | int | None) or isinstance(item, bool) for item in listed):
        problems.append(FilterProblem(at, "invalid-value", f"{name} is a list of texts, null in it is blank"))
        return ()
    return tuple(None if item is None else str(item) for item in listed)


def _parse_numbers(values: list[object], at: str, problems: list[FilterProblem]) -> tuple[int, ...]:
    found = []
    for value in values:
        text = str(value)
        if value is None:
            continue  # no record's number is blank
        if not _NUMBER.fullmatch(text):
            problems.append(FilterProblem(at, "invalid-value", f"{value!r} is no record number"))
        else:
            found.append(int(text))
    return tuple(found)


def check_filters(filters: Sequence[Filter], state: CampaignState) -> list[FilterProblem]:
    """What is wrong with filters for this campaign: unreadable dates, and names that it never knew."""
    if len(filters) > MAX_FILTERS:
        detail = f"{len(filters)} filters, at most {MAX_FILTERS} are taken"
        return [FilterProblem("#/filters", "invalid-value", detail)]
    zone, known = state.required_settings.time_zone, known_values(state)
    problems = []
    for place, one in enumerate(filters):
        at = "#/filters" if len(filters) == 1 else f"#/filters/{place}"
        problems += [FilterProblem(at + name, code, text) for name, code, text in _form_problems(one, zone)]
        problems += [problem for name in known for problem in _unknown(one, name, known[name], at)]
    return problems


def known_values(state: CampaignState) -> Mapping[str, tuple[str, ...]]:
    """Names that a filter on this campaign may use: what its settings say, and what its records ever had."""
    settings, book = state.required_settings, state.book
    people = tuple(dict.fromkeys([*settings.agents, *book.agents.all()]))
    dispositions = [*(one.name for one in settings.dispositions), *book.dispositions.all()]
    return {
        "disposition": tuple(dict.fromkeys(dispositions)),
        "agent": people,
        "last_agent": people,
        "skill": tuple(dict.fromkeys([*settings.skills, *book.skills.all()])),
    }


def priority_range(text: str) -> tuple[int, int] | None:
    """The bounds, both included, of a priority or a range such as `5-9`; None when it is neither."""
    match = _PRIORITY.fullmatch(text)
    if match is None:
        return None
    low, high = int(match[1]), int(match[2] or match[1])
    return (low, high) if 1 <= low <= high else None


def _unknown(one: Filter, name: str, known: Sequence[str], at: str) -> list[FilterProblem]:
    asked: Sequence[str | None] = getattr(one, name) or ()
    names = frozenset(known)
    return [
        FilterProblem(f"{at}/{name}", "unknown-value", f"{value!r} is no {name}; known are {_listed(known)}")
        for value in asked
        if value is not None and value not in names
    ]


def _form_problems(one: Filter, zone: str) -> list[tuple[str, str, str]]:
    """(path, code, detail) of what is wrong with a filter whatever the campaign."""
    found = []
    if one.date_field is not None and one.date_field not in DATE_FIELDS:
        detail = f"{one.date_field!r} is no date_field; known are {', '.join(DATE_FIELDS)}"
        found.append(("/date_field", "unknown-value", detail))
    for name, bounded in (
        ("from_date", Filter(from_date=one.from_date)),
        ("to_date", Filter(to_date=one.to_date)),
    ):
        try:
            date_range_us(bounded, zone)
        except ValueError as error:
            found.append((f"/{name}", "invalid-value", f"{name}: {error}"))
    for name, known in (("status", STATUSES), ("reason", (*OUTCOMES, *REASONS))):
        found += [
            (problem.pointer, problem.code, problem.detail) for problem in _unknown(one, name, known, "")
        ]
    for value in one.priority or ():
        if value is not None and priority_range(value) is None:
            detail = f"{value!r} is no priority; known are 1 to 99 and ranges such as 5-9"
            found.append(("/priority", "invalid-value", detail))
    return found


def _listed(names: Sequence[str], most: int = 50) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more
