"""What filters choose: against a model that asks every record in turn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyroaring import BitMap

from outdial.campaign import commands as c
from outdial.campaign.dates import date_range_us
from outdial.campaign.filter import Filter
from outdial.campaign.filter_checks import priority_range
from outdial.campaign.selection import select, selection_hash, without_date
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import REASON_NAMES, STATUSES
from tests.kit.campaign import DAY_US, NOON_US, Campaign, begin, chunk, ready

AGENTS = ("anna", "bert", "")
SKILLS = ("hindi", "")
REASONS = ("", "Busy", "Answered", "DoNotCall")
DISPOSITIONS = ("", "Interested", "Callback")
DATES = ("2025-11-24", "2025-11-25", "2025-11-26", "2025-11-25T12:00:00Z", "2025-11-26T00:00:00+05:30")
COUNT = 60


def played() -> Campaign:
    """Records with values of all kinds, written straight into the book: the rules do not matter here."""
    campaign = ready(records=0)
    rng = np.random.default_rng(7)
    pick = rng.integers
    for number in range(3):
        columns = {
            "priority": pick(1, 12, 20).tolist(),
            "agent": [AGENTS[one] for one in pick(0, 3, 20)],
            "skill": [SKILLS[one] for one in pick(0, 2, 20)],
        }
        campaign.upload(20, f"u{number}", **columns)
        campaign.wait(86_400)
    book, rows = campaign.state.book, slice(1, COUNT + 1)
    book.status[rows] = pick(0, 4, COUNT)
    book.reason[rows] = [REASON_NAMES.index(REASONS[one]) for one in pick(0, 4, COUNT)]
    book.disposition[rows] = [book.dispositions.code(DISPOSITIONS[one]) for one in pick(0, 3, COUNT)]
    book.last_agent[rows] = [book.agents.code(AGENTS[one]) for one in pick(0, 3, COUNT)]
    book.last_attempt_us[rows] = np.where(
        pick(0, 3, COUNT) > 0, NOON_US + pick(-2, 3, COUNT) * DAY_US // 2, 0
    )
    book.updated_us[rows] = NOON_US + pick(-2, 3, COUNT) * DAY_US // 2
    campaign.state = campaign.copy()
    campaign.accept(c.DeleteRecords([Filter(record_id=[5, 6])], confirm_affected=2))
    return campaign


STATE = played().state


def naive(state: CampaignState, filters: Sequence[Filter]) -> set[int]:
    """The records that filters choose, each asked in turn."""
    records = [record for record in range(1, state.book.size) if record not in (5, 6)]
    return {record for record in records if any(matches(state, record, one) for one in filters)}


def matches(state: CampaignState, record: int, one: Filter) -> bool:
    """One record against one filter, as the contract words it."""
    shown = fields_of(state, record)
    for name in ("status", "reason", "disposition", "agent", "last_agent", "skill"):
        wanted = getattr(one, name)
        if wanted is not None and shown[name] not in [value or "" for value in wanted]:
            return False
    if one.record_id is not None and record not in one.record_id:
        return False
    if one.priority is not None and not any(_within(shown["priority"], value) for value in one.priority):
        return False
    return _dated(shown, one, state.required_settings.time_zone)


def _within(priority: int, value: str | None) -> bool:
    bounds = None if value is None else priority_range(value)
    return bounds is not None and bounds[0] <= priority <= bounds[1]


def _dated(shown: Mapping[str, Any], one: Filter, zone: str) -> bool:
    first, last = date_range_us(one, zone)
    if first is None and last is None:
        return True
    at_us = shown[one.date_field or "last_attempt"]
    return bool(at_us) and (first is None or at_us >= first) and (last is None or at_us < last)


def fields_of(state: CampaignState, record: int) -> Mapping[str, Any]:
    """What a filter can ask of a record."""
    book = state.book
    upload = max(
        (one for one in state.uploads.values() if one.first_record <= record),
        key=lambda one: one.first_record,
    )
    return {
        "status": STATUSES[book.status[record]],
        "reason": REASON_NAMES[book.reason[record]],
        "disposition": book.dispositions[book.disposition[record]],
        "agent": book.agents[book.agent[record]],
        "last_agent": book.agents[book.last_agent[record]],
        "skill": book.skills[book.skill[record]],
        "priority": int(book.priority[record]),
        "last_attempt": int(book.last_attempt_us[record]),
        "updated": int(book.updated_us[record]),
        "created": upload.begun_us,
    }


def some(*values: str | None) -> st.SearchStrategy[tuple[str | None, ...] | None]:
    """No restriction, or some of the values."""
    return st.none() | st.lists(st.sampled_from(values), max_size=3).map(tuple)


FILTERS = st.lists(
    st.builds(
        Filter,
        date_field=st.sampled_from([None, "last_attempt", "created", "updated"]),
        from_date=st.sampled_from([None, None, *DATES]),
        to_date=st.sampled_from([None, None, *DATES]),
        status=some(*STATUSES, None),
        reason=some(None, *REASONS[1:]),
        disposition=some(None, *DISPOSITIONS[1:]),
        priority=some("1", "5", "3-7", "9-99", None),
        agent=some("anna", "bert", "nobody", None),
        last_agent=some("anna", None),
        skill=some("hindi", None),
        record_id=st.none() | st.lists(st.integers(0, COUNT + 5), max_size=30).map(tuple),
    ),
    max_size=3,
)


@given(FILTERS)
@hypothesis_settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_filters_choose_what_the_contract_says(filters: list[Filter]) -> None:
    assert set(select(STATE, filters)) == naive(STATE, filters)


def test_instants_are_half_open() -> None:
    campaign = ready(records=1)
    campaign.state.book.last_attempt_us[1] = NOON_US

    def found(**bounds: str) -> bool:
        return bool(select(campaign.state, [Filter(**bounds)]))  # type: ignore[arg-type]  # bounds are texts

    assert found(from_date="2025-11-25T12:00:00Z")
    assert not found(to_date="2025-11-25T12:00:00Z")
    assert found(to_date="2025-11-25T12:00:00.000001Z")
    assert not found(from_date="2025-11-25T12:00:00.000001Z")


@pytest.mark.parametrize(
    ("one", "count"),
    [
        (Filter(), COUNT - 2),
        (Filter(status=()), 0),
        (Filter(status=(None,)), 0),
        (Filter(priority=(None,)), 0),
        (Filter(record_id=(5, 6)), 0),
        (Filter(record_id=(0, 1, 10**8)), 1),
    ],
)
def test_special_filters(one: Filter, count: int) -> None:
    assert len(select(STATE, [one])) == count


def test_no_filter_chooses_nothing() -> None:
    assert len(select(STATE, [])) == 0


def test_records_without_that_date_are_counted() -> None:
    never = {record for record in naive(STATE, [Filter()]) if not fields_of(STATE, record)["last_attempt"]}

    assert without_date(STATE, [Filter(from_date="2025-11-01")]) == len(never)
    assert without_date(STATE, [Filter(date_field="updated", from_date="2025-11-01")]) == 0
    assert without_date(STATE, [Filter()]) == 0


def test_records_of_an_open_upload_are_not_chosen() -> None:
    campaign = ready(records=1)
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 1))

    assert set(select(campaign.state, [Filter()])) == {1}


def test_the_hash_of_a_selection_is_of_its_numbers_alone() -> None:
    thousand = BitMap(range(1, 1001))
    packed = thousand.copy()
    packed.run_optimize()

    assert (
        selection_hash(thousand) == selection_hash(packed) == selection_hash(BitMap(list(range(1000, 0, -1))))
    )
    assert selection_hash(BitMap([1])) != selection_hash(BitMap([2])) != selection_hash(BitMap())
    # SHA-256 of "outdial-selection-1" and 00000001, cut to 16 bytes.
    assert selection_hash(BitMap([1])) == "e546466ba702892ab6200d26750b93b1"
