"""Facets count what people see: not the records of an open upload, nor those that a delete hides."""

from collections.abc import Sequence

import pytest

from outdial.campaign import commands as c
from outdial.campaign.filter import Filter
from outdial.views import queries
from outdial.views.selecting import condition
from tests.integration.views.test_filters_agree import facets
from tests.kit.campaign import Campaign, begin, chunk, settings
from tests.kit.views import Views, book_records, log_records

EVERY_WAY: Sequence[Filter] = (Filter(), Filter(status=("Pending", "Fail", "Success", "Complete")))


def uploaded(*, hidden: bool, open_upload: bool) -> Campaign:
    """Four records that differ in every field, perhaps with a fifth that is hidden and a sixth nobody sees yet."""
    campaign = Campaign("spring")
    campaign.accept(c.CreateCampaign(settings(agents=("anna",))))
    columns = {"agent": ["", "anna", "", "anna", "ben"], "skill": ["a", "a", "b", "", "c"]}
    campaign.upload(5, "u1", priority=[1, 2, 2, 3, 9], **columns)
    campaign.start()
    campaign.dial("Answered", 1, agent="anna")
    campaign.dispose(1, "Interested")
    campaign.dial("Busy", 2)
    campaign.stop()
    if hidden:
        campaign.accept(c.DeleteRecords((Filter(record_id=(5,)),), confirm_affected=1), delete_grace_s=60)
    if open_upload:
        campaign.accept(c.ForceComplete())
        campaign.accept(begin("u2"))
        campaign.accept(chunk("u2", 0, 1, agent=["carl"], skill=["d"], priority=[50]))
    return campaign


@pytest.mark.parametrize("one", EVERY_WAY)
@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("open_upload", [True, False])
async def test_facets_count_what_people_see(dsn: str, one: Filter, hidden: bool, open_upload: bool) -> None:
    campaign = uploaded(hidden=hidden, open_upload=open_upload)
    async with Views(dsn) as views:
        await views.fold(log_records("spring", campaign.history))
        found = await queries.facets(views.db, "spring", condition((one,), "UTC", "created"))

    known = book_records(campaign.state)
    assert len(known) == 5 - hidden
    assert found == facets(list(known.values()))
    assert found["agent"] == {"": 2, "anna": 2} | ({} if hidden else {"ben": 1})
