"""What filters mean on the record book: filters in, record set out. The same meaning as in SQL on the views."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from outdial.campaign.book import Mask, RecordBook, set_of
from outdial.campaign.dates import date_range_us
from outdial.campaign.filter import Filter
from outdial.campaign.filter_checks import (
    FilterInvalid,
    FilterProblem,
    check_filters,
    parse_filters,
    priority_range,
)
from outdial.campaign.names import Names
from outdial.campaign.record_sets import selection_hash
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import REASON_CODE, STATUS_CODE

__all__ = [
    "FilterInvalid",
    "FilterProblem",
    "check_filters",
    "describe",
    "parse_filters",
    "select",
    "selection_hash",
    "without_date",
]

DEFAULT_DATE_FIELD: Final = "last_attempt"


def select(
    state: CampaignState, filters: Sequence[Filter], default_date_field: str = DEFAULT_DATE_FIELD
) -> BitMap:
    """The present records that any of the filters matches; none for no filter. ValueError for an unreadable date."""
    return set_of(_mask(state, filters, default_date_field, with_dates=True))


def without_date(
    state: CampaignState, filters: Sequence[Filter], default_date_field: str = DEFAULT_DATE_FIELD
) -> int:
    """How many records match but for the date that they do not have."""
    dated = [one for one in filters if one.from_date is not None or one.to_date is not None]
    if not dated:
        return 0
    mask = _mask(state, dated, default_date_field, with_dates=False)
    for one in dated:
        mask &= _dates(state, one.date_field or default_date_field) == 0
    return int(np.count_nonzero(mask))


def describe(filters: Sequence[Filter]) -> str:
    """The filters in words for people."""
    told = [_describe_one(one) for one in filters]
    if not told:
        return "no records"
    return " or ".join(told) if all(told) else "all records"


def _mask(
    state: CampaignState, filters: Sequence[Filter], default_date_field: str, *, with_dates: bool
) -> Mask:
    found = np.zeros(state.book.size, np.bool_)
    for one in filters:
        mask = state.book.present()
        for name, test in _TESTS.items():
            values = getattr(one, name)
            if values is not None:
                mask &= test(state.book, values)
        if with_dates:
            _apply_dates(state, one, default_date_field, mask)
        found |= mask
    return found


def _apply_dates(state: CampaignState, one: Filter, default_date_field: str, mask: Mask) -> None:
    first, last = date_range_us(one, state.required_settings.time_zone)
    if first is None and last is None:
        return
    dates = _dates(state, one.date_field or default_date_field)
    mask &= dates != 0
    if first is not None:
        mask &= dates >= first
    if last is not None:
        mask &= dates < last


def _dates(state: CampaignState, field: str) -> npt.NDArray[np.int64]:
    if field == "created":
        return created_us(state)
    name = {"updated": "updated_us", "last_attempt": "last_attempt_us"}[field]
    found: npt.NDArray[np.int64] = state.book.column(name)
    return found


def created_us(state: CampaignState) -> npt.NDArray[np.int64]:
    """Per row when its upload was begun, microseconds UTC."""
    found = np.zeros(state.book.size, np.int64)
    for upload in state.uploads.values():
        found[upload.first_record : upload.first_record + upload.records] = upload.begun_us
    return found


def _among(codes: npt.NDArray[np.generic], wanted: Sequence[int | None], count: int) -> Mask:
    """Per row whether its code is one of the wanted ones, by a table of all `count` codes."""
    table = np.zeros(count, np.bool_)
    table[[code for code in wanted if code is not None]] = True
    found: Mask = table[codes]
    return found


def _status(book: RecordBook, values: Sequence[str | None]) -> Mask:
    wanted = [STATUS_CODE.get(value) for value in values if value is not None]
    return _among(book.column("status"), wanted, len(STATUS_CODE))


def _reason(book: RecordBook, values: Sequence[str | None]) -> Mask:
    return _among(book.column("reason"), [REASON_CODE.get(value or "") for value in values], len(REASON_CODE))


def _priority(book: RecordBook, values: Sequence[str | None]) -> Mask:
    ranges = [bounds for value in values if value is not None and (bounds := priority_range(value))]
    wanted = [priority for low, high in ranges for priority in range(low, high + 1)]
    return _among(book.column("priority"), wanted, 256)


def _record_id(book: RecordBook, values: Sequence[int]) -> Mask:
    found = np.zeros(book.size, np.bool_)
    numbers = np.asarray(values, np.int64)
    found[numbers[(numbers > 0) & (numbers < book.size)]] = True
    return found


def _named(column: str, names: str) -> Callable[[RecordBook, Sequence[str | None]], Mask]:
    def test(book: RecordBook, values: Sequence[str | None]) -> Mask:
        known: Names = getattr(book, names)
        return _among(book.column(column), [known.find(value or "") for value in values], len(known))

    return test


_TESTS: Final[Mapping[str, Callable[[RecordBook, Any], Mask]]] = {
    "status": _status,
    "reason": _reason,
    "disposition": _named("disposition", "dispositions"),
    "priority": _priority,
    "agent": _named("agent", "agents"),
    "last_agent": _named("last_agent", "agents"),
    "skill": _named("skill", "skills"),
    "record_id": _record_id,
}


def _describe_one(one: Filter) -> str:
    parts = []
    if one.from_date is not None or one.to_date is not None:
        field = (one.date_field or DEFAULT_DATE_FIELD).replace("_", " ")
        start = f" from {one.from_date}" if one.from_date is not None else ""
        end = f" to {one.to_date}" if one.to_date is not None else ""
        parts.append(f"{field}{start}{end}")
    for name in _TESTS:
        values = getattr(one, name)
        if values is not None:
            shown = ", ".join("blank" if value is None else str(value) for value in values[:10])
            more = f" and {len(values) - 10} more" if len(values) > 10 else ""
            parts.append(f"{name.replace('_', ' ')} {shown or 'none'}{more}")
    return ", ".join(parts)
