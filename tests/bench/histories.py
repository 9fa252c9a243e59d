"""Long histories of one campaign, made by the domain itself: uploads, claims and outcomes in full columns."""

from collections.abc import Sequence
from typing import Final

from outdial.campaign import commands as c
from tests.kit.campaign import Campaign, begin, chunk, settings

ROWS: Final = 500
OUTCOMES: Final = ("NoAnswer", "Busy", "Answered", "Unreachable")


def uploaded(records: int, campaign_id: str = "bench") -> Campaign:
    """A campaign that is Ready with so many records, which came in chunks of 500."""
    campaign = Campaign(campaign_id)
    campaign.accept(c.CreateCampaign(settings()))
    if not records:
        return campaign
    campaign.accept(begin())
    chunks = -(-records // ROWS)
    for number in range(chunks):
        count = min(ROWS, records - number * ROWS)
        made = chunk("u1", number, count, block_id=f"{campaign_id}/u1/{number}/x")
        campaign.accept(made)
    campaign.accept(c.CommitUpload("u1", chunks, records))
    return campaign


def dial(campaign: Campaign, records: int) -> Sequence[int]:
    """Start, and one attempt for each of the first records, claimed and ended 500 at a time."""
    campaign.start()
    for number, first in enumerate(range(1, records + 1, ROWS)):
        batch = range(first, min(first + ROWS, records + 1))
        campaign.claim(*batch)
        campaign.end(OUTCOMES[number % len(OUTCOMES)], *batch)
    campaign.stop()
    return range(1, records + 1)
