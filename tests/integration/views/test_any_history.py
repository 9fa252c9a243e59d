"""Whatever happens to a campaign: the views show what the record book knows, however the log is cut into batches."""

import asyncio
from itertools import count
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from outdial.campaign.counts import counts
from outdial.campaign.rules.undo import available
from outdial.campaign.state import CampaignState
from outdial.views import queries
from tests.kit.campaign import Campaign
from tests.kit.views import Views, book_records, log_records, same_columns
from tests.unit.campaign.test_any_history import AnyHistory

NUMBERS = count(1)
TABLES = ("record_states", "attempts", "campaign_counts", "history", "uploads", "campaigns", "cursors")


class AnyHistoryInViews(AnyHistory):
    """The histories of the domain's own property test, folded into PostgreSQL at the end."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.number = next(NUMBERS)
        self.campaign = Campaign(f"c{self.number}")
        self.size = 1

    @initialize(size=st.sampled_from([1, 2, 7, 100]))
    def cut(self, size: int) -> None:
        self.size = size

    def teardown(self) -> None:
        super().teardown()
        asyncio.run(self.views_are_right())

    async def views_are_right(self) -> None:
        name, state = self.campaign.state.campaign_id, self.campaign.state
        records = log_records(name, self.campaign.history, partition=self.number)
        if not records:
            return
        async with Views(self.dsn) as views:
            await views.fold_in_batches(records, self.size)
            known = book_records(state)
            assert same_columns(await views.shown(name), known) == known
            row = await queries.campaign(views.db, name)
            assert row is not None
            assert_campaign(row, state)
            assert await queries.counts(views.db, name) == expected_counts(state, known)
            assert await uploads(views, name) == expected_uploads(state)
            before = [await views.table(table) for table in TABLES]
            assert (await views.fold(records)).events == 0  # all of it once more changes nothing
            assert [await views.table(table) for table in TABLES] == before


def assert_campaign(row: dict[str, Any], state: CampaignState) -> None:
    assert (row["position"], row["version"], row["sequence"]) == (
        str(state.position),
        state.version,
        state.sequence,
    )
    assert (row["created_us"], row["updated_us"]) == (state.created_us, state.updated_us)
    undoable, undo = available(state, state.updated_us), row["undo"]
    is_over = undo is None or 0 < undo["until_us"] < state.updated_us
    assert (not is_over and undo["command_id"] in undoable) if undoable else is_over
    assert tuple(row["settings"]["columns"]) == tuple(state.required_settings.columns)


def expected_counts(state: CampaignState, known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    found = counts(state)
    return {
        "total": found.total,
        "active": found.active,
        "in_progress": found.in_progress,
        "awaiting": found.awaiting,
        "attempts": sum(record["claims"] for record in known.values()),
        "erasing": sum(len(erasure.records) for erasure in state.erasures.values()),
        "by_status": {name: total for name, total in found.by_status.items() if total},
        "by_reason": dict(found.by_reason),
    }


async def uploads(views: Views, campaign: str) -> dict[str, tuple[Any, ...]]:
    rows = await queries.uploads(views.db, campaign)
    names = ("state", "read", "accepted", "duplicate", "invalid", "begun_us", "numbers")
    return {row["upload_id"]: tuple(row[name] for name in names) for row in rows}


def expected_uploads(state: CampaignState) -> dict[str, tuple[Any, ...]]:
    def shown(name: str) -> str:
        return "rejected" if name == "abandoned" else name  # with the code that says so

    return {
        one.upload_id: (
            *(shown(one.state), one.read, one.accepted, one.duplicate, one.invalid),
            *(one.begun_us, one.records),
        )
        for one in state.uploads.values()
    }


def test_views_show_what_the_record_book_knows(dsn: str) -> None:
    class InThisDatabase(AnyHistoryInViews):
        def __init__(self) -> None:
            super().__init__(dsn)

    run_state_machine_as_test(
        InThisDatabase,
        settings=hypothesis_settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
