"""A version filled from memory equals the one that took the same events in one by one, whatever the history."""

import asyncio
from itertools import count

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from outdial.views.fill.memory import Limits
from tests.integration.views.filled import TIGHT, assert_same, fill
from tests.kit.campaign import Campaign
from tests.kit.views import Views, log_records
from tests.unit.campaign.test_any_history import AnyHistory

NUMBERS = count(1)


class AnyHistoryFilled(AnyHistory):
    """The histories of the domain's own property test, taken in both ways."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.number = next(NUMBERS)
        self.campaign = Campaign(f"c{self.number}")
        self.size, self.limits = 1, Limits()

    @initialize(
        size=st.sampled_from([1, 7, 100]),
        limits=st.sampled_from([Limits(), Limits(attempts=2), Limits(attempts=4), TIGHT]),
    )
    def cut(self, size: int, limits: Limits) -> None:
        self.size, self.limits = size, limits

    def teardown(self) -> None:
        asyncio.run(self.both_are_the_same())

    async def both_are_the_same(self) -> None:
        records = log_records(self.campaign.state.campaign_id, self.campaign.history)
        if not records:
            return
        async with Views(self.dsn) as views:
            await views.db.execute("TRUNCATE " + ", ".join(TABLES))
            await views.fold_in_batches(records, 100)
            await assert_same(views, await fill(views, records, self.size, self.limits))


from tests.integration.views.filled import TABLES  # noqa: E402


def test_any_history_gives_the_same_tables(dsn: str) -> None:
    class InThisDatabase(AnyHistoryFilled):
        def __init__(self) -> None:
            super().__init__(dsn)

    run_state_machine_as_test(
        InThisDatabase,
        settings=hypothesis_settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
