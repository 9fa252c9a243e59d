"""Filters mean the same on the record book and in SQL: any history, any filters, the same records and counts."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from outdial.campaign import commands as c
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.filter_checks import parse_filters
from outdial.campaign.selection import select
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import OUTCOMES, REASONS, STATUSES
from outdial.views import queries
from outdial.views.selecting import condition
from tests.kit.campaign import SECOND_US, Campaign, settings
from tests.kit.views import Views, book_records, log_records
from tests.unit.campaign.test_any_history import AnyHistory

Asked = tuple[Sequence[Filter], str]
NUMBERS = count(1)
AGENTS, SKILLS, PRIORITIES = (
    ("", "anna", "Anna", "राहुल"),
    ("", "sales", "'; DROP TABLE records; --"),
    (1, 5, 9, 99),
)
DATE_FIELDS = ("last_attempt", "created", "updated")
FIELDS = (
    *("status", "reason", "disposition", "priority", "agent", "last_agent", "skill", "record_id"),
    *("from_date", "to_date"),
)


def values(*known: str | None) -> st.SearchStrategy[tuple[str | None, ...] | None]:
    """A list of a filter: not given, empty, blanks, known values and one that nobody has."""
    return st.one_of(st.none(), st.lists(st.sampled_from((*known, None, "nobody")), max_size=3).map(tuple))


def filters(bounds: st.SearchStrategy[str | None]) -> st.SearchStrategy[tuple[Filter, ...]]:
    """Arrays of filters: most of one field, so that they choose something, some of all."""
    one = st.builds(
        Filter,
        date_field=st.sampled_from((None, *DATE_FIELDS)),
        from_date=bounds,
        to_date=bounds,
        status=values(*STATUSES, ""),
        reason=values(*OUTCOMES, *REASONS, ""),
        disposition=values("Interested", "Callback", "Do not call", ""),
        priority=values("1", "5-9", "9-5", "99", "05", ""),
        agent=values(*AGENTS),
        last_agent=values("anna", ""),
        skill=values(*SKILLS),
        record_id=st.one_of(st.none(), st.lists(st.integers(0, 20), max_size=6).map(tuple)),
    )
    narrow = st.tuples(st.sampled_from(FIELDS), one).map(lambda drawn: _only(*drawn))
    return st.lists(st.one_of(narrow, narrow, one), max_size=4).map(tuple)


def _only(name: str, one: Filter) -> Filter:
    return Filter(date_field=one.date_field, **{name: getattr(one, name)})


DAYS = st.sampled_from((None, "2025-11-24", "2025-11-25", "2025-11-26", "1970-01-01", "9999-12-30"))
ASKED = st.lists(st.tuples(filters(DAYS), st.sampled_from(DATE_FIELDS)), min_size=10, max_size=20)


class AnyFilters(AnyHistory):
    """The histories of the domain's own property test, with records that differ, and filters asked of both sides."""

    zone = "Pacific/Pago_Pago"

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.number = next(NUMBERS)
        self.campaign = Campaign(f"c{self.number}")
        self.asked: list[Asked] = []

    @initialize(asked=ASKED)
    def ask(self, asked: list[Asked]) -> None:
        self.asked = asked

    def give(self, command: c.Command, **context: Any) -> None:
        """Records differ in what can be filtered; the campaign is in the zone of this test."""
        if isinstance(command, c.AddRecords):
            numbers = range(self.campaign.state.book.size, self.campaign.state.book.size + len(command.row))
            command = replace(
                command,
                priority=[PRIORITIES[n % len(PRIORITIES)] for n in numbers],
                agent=[AGENTS[n // 2 % len(AGENTS)] for n in numbers],
                skill=[SKILLS[n % len(SKILLS)] for n in numbers],
            )
        if isinstance(command, c.CreateCampaign):
            command = replace(command, settings=replace(command.settings, time_zone=self.zone))
        super().give(command, **context)

    def teardown(self) -> None:
        asyncio.run(self.both_sides_agree())

    async def both_sides_agree(self) -> None:
        state = self.campaign.state
        records = log_records(state.campaign_id, self.campaign.history, partition=self.number)
        if not records:
            return
        async with Views(self.dsn) as views:
            await views.fold(records)
            await agree(views, state, self.asked)


async def agree(views: Views, state: CampaignState, asked: Sequence[Asked]) -> None:
    """Both sides choose the same records, count them alike, and tell the same values of them."""
    name, zone, known = state.campaign_id, state.required_settings.time_zone, book_records(state)
    for some, field in [
        ((Filter(),), "created"),
        *asked,
    ]:  # a filter that restricts nothing has ways of its own
        chosen, found = condition(some, zone, field), select(state, some, field)
        rows = await queries.records(views.db, name, chosen, 0, 1_000)
        assert [row["record"] for row in rows] == sorted(found), (some, field)
        assert await queries.count(views.db, name, chosen) == len(found)
        assert await queries.facets(views.db, name, chosen) == facets([known[one] for one in found])


def facets(records: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Counts per value as the book has them."""
    return {name: dict(Counter(str(record[name]) for record in records)) for name in queries.FACETS}


def test_both_sides_choose_the_same_records(dsn: str) -> None:
    class InThisDatabase(AnyFilters):
        def __init__(self) -> None:
            super().__init__(dsn)

    run_state_machine_as_test(
        InThisDatabase,
        settings=hypothesis_settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def busy_campaign(random: Random, name: str, zone: str) -> Campaign:
    """A campaign whose records went through much: three uploads, calls of every outcome, results, a reset, a delete."""
    campaign = Campaign(name)
    campaign.accept(c.CreateCampaign(settings(agents=("anna", "Anna"), max_attempts=3, time_zone=zone)))
    for upload in ("u1", "u2", "u3"):
        campaign.wait(random.choice((1, 3_600, 40_000)))
        words = {"agent": AGENTS, "skill": SKILLS, "priority": PRIORITIES}
        campaign.upload(20, upload, **{one: random.choices(known, k=20) for one, known in words.items()})
    campaign.start()
    for _ in range(25):
        free = np.flatnonzero(campaign.state.book.active()).tolist()
        records = random.sample(free, k=min(len(free), 3))
        campaign.wait(random.choice((0, 1, 3_600)))
        decided = campaign.decide(campaign.claim_of(*records))
        if not records or isinstance(decided, Rejection):
            continue
        campaign.apply(decided)
        outcome = random.choice(OUTCOMES)
        campaign.end(outcome, *records, agent=random.choice(("anna", "Anna")))
        if outcome == "Answered":
            disposition = random.choice(("Interested", "Callback", "Do not call"))
            campaign.dispose(records[0], disposition, callback_us=campaign.now_us + 3_600 * SECOND_US)
    return campaign


@given(st.data(), st.integers(0, 2**32), st.sampled_from(("Asia/Kolkata", "America/New_York")))
@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_filters_of_a_busy_campaign_to_the_microsecond(
    dsn: str, data: st.DataObject, seed: int, zone: str
) -> None:
    number = next(NUMBERS)
    campaign = busy_campaign(Random(seed), f"c{number}", zone)
    moments = sorted({at_us for _, at_us in campaign.history})
    bounds = st.one_of(DAYS, st.sampled_from(moments).map(instant))
    asked = data.draw(
        st.lists(st.tuples(filters(bounds), st.sampled_from(DATE_FIELDS)), min_size=30, max_size=40)
    )

    async def both_sides() -> None:
        async with Views(dsn) as views:
            await views.fold(log_records(campaign.state.campaign_id, campaign.history, partition=number))
            await agree(views, campaign.state, asked)

    asyncio.run(both_sides())


def instant(at_us: int) -> str:
    """Exactly that microsecond, so that bounds meet what they bound."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us)).isoformat()


def test_a_filter_in_its_json_form_is_the_same_filter() -> None:
    raw = {"status": ["Fail", None], "priority": [5, "5-9"], "record_id": ["1", 2], "from_date": "2025-11-25"}
    (one,) = parse_filters(raw)
    assert one == Filter(
        "last_attempt", "2025-11-25", None, ("Fail", None), priority=("5", "5-9"), record_id=(1, 2)
    )
