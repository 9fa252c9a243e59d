"""A fetch may hold more rows than one transaction should: memory and locks of the fold stay bounded."""

import pytest

from outdial.campaign import commands as c
from outdial.views import fold
from tests.kit.campaign import begin, chunk, ready
from tests.kit.views import Views, log_records

CHUNKS, ROWS = 6, 10


@pytest.mark.parametrize(("most", "transactions"), [(1, CHUNKS), (2 * ROWS, CHUNKS // 2), (1_000, 1)])
async def test_a_batch_is_taken_in_with_so_many_rows_a_transaction(
    dsn: str, monkeypatch: pytest.MonkeyPatch, most: int, transactions: int
) -> None:
    monkeypatch.setattr(fold, "MOST_ROWS", most)
    campaign = ready(0)
    campaign.accept(begin("u"))
    for number in range(CHUNKS):
        campaign.accept(chunk("u", number, ROWS))
    campaign.accept(c.CommitUpload("u", CHUNKS, CHUNKS * ROWS))

    async with Views(dsn) as views:
        folded = await views.fold(log_records("spring", campaign.history))

        assert folded.events == len(campaign.history)
        assert len(await views.shown("spring")) == CHUNKS * ROWS
        found = await views.db.execute("SELECT DISTINCT xmin::text FROM records")
        assert len(await found.fetchall()) == transactions
