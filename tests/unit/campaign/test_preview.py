"""Dry runs and counts: what a command would touch, in every position, and nothing changes."""

import pytest

from outdial.campaign import commands as c
from outdial.campaign.answers import preview
from outdial.campaign.counts import counts
from outdial.campaign.decide import Context, Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, DAY_US, NOON_US, Campaign, at, ready, running


def played() -> Campaign:
    """Running: 1 a success of anna, 2 busy, 3 with a call up, 4 expired, 5 not dialled."""
    campaign = ready(records=0, agents=("anna",), skills=("hindi",))
    campaign.upload(
        5,
        priority=[1, 1, 5, 5, 9],
        agent=["anna", "", "", "", "anna"],
        skill=["hindi", "", "", "", ""],
        expires_us=[0, 0, 0, NOON_US + DAY_US // 2, 0],
    )
    campaign.start()
    campaign.dial("Answered", 1, agent="anna")
    campaign.dispose(1, "Interested")
    campaign.dial("Busy", 2)
    campaign.wait(86_400)
    campaign.claim(3)
    return campaign


def test_a_reset_s_dry_run_counts_by_everything_a_filter_knows() -> None:
    answer = played().preview(c.ResetCampaign(ALL))

    assert answer.affected == 4
    assert answer.message == "4 records would be reset; 1 not dialable: Expired 1."
    details = {name: value for name, value in answer.details.items() if name != "selection"}
    assert details == {
        "by_status": {"Pending": 3, "Success": 1},
        "by_reason": {"": 2, "Answered": 1, "Busy": 1},
        "by_disposition": {"": 3, "Interested": 1},
        "by_priority": {"1": 2, "5": 1, "9": 1},
        "by_agent": {"": 2, "anna": 2},
        "by_skill": {"": 3, "hindi": 1},
        "without_date": 0,
        "not_dialable": {"Expired": 1},
        "in_progress": 1,
    }
    assert len(answer.details["selection"]) == 32


def test_records_without_the_date_that_is_asked_for_are_counted_apart() -> None:
    answer = played().preview(c.ResetCampaign([Filter(date_field="last_attempt", from_date="2025-11-01")]))

    assert (answer.affected, answer.details["without_date"]) == (2, 3)


@pytest.mark.parametrize("position", list(Position))
def test_records_are_counted_in_every_position(position: Position) -> None:
    campaign = at(position)

    assert campaign.preview(c.ResetCampaign(ALL)).affected == 3
    deletion = campaign.preview(c.DeleteRecords(ALL))
    assert (deletion.affected, deletion.message) == (3, "3 records would be deleted for good.")
    assert campaign.preview(c.WithdrawUpload("u1")).affected == 3


def test_what_counts_no_records_says_whether_it_would_be_accepted() -> None:
    campaign = ready()

    assert campaign.preview(c.StartCampaign()).details == {"events": ["CampaignStarted"]}
    assert campaign.preview(c.ChangeSettings(name="Spring")).message == "It would change nothing."
    refused = preview(campaign.state, c.StopCampaign(), Context(NOON_US, "dry"))
    assert isinstance(refused, Rejection) and refused.code == "position-does-not-allow"


def test_a_dry_run_refuses_what_cannot_be_meant() -> None:
    state = ready().state
    for command, code in (
        (c.ResetCampaign(), "filters-missing"),
        (c.DeleteRecords([Filter(status=["x"])]), "filter-invalid"),
        (c.WithdrawUpload("u9"), "upload-unknown"),
    ):
        answer = preview(state, command, Context(NOON_US, "dry"))
        assert isinstance(answer, Rejection) and answer.code == code
    unknown = preview(Campaign().state, c.ResetCampaign(ALL), Context(NOON_US, "dry"))
    assert isinstance(unknown, Rejection) and unknown.code == "campaign-unknown"


def test_the_counts_of_a_campaign() -> None:
    found = counts(played().state)

    assert (found.total, found.active, found.in_progress, found.awaiting) == (5, 3, 1, 0)
    assert found.by_status == {"Pending": 4, "Success": 1, "Fail": 0, "Complete": 0}
    assert found.by_reason == {"": 3, "Answered": 1, "Busy": 1}


def test_the_tally_that_is_kept_is_the_one_that_a_count_finds() -> None:
    campaign = running()
    campaign.dial("Answered", 1)
    campaign.claim(2)
    book = campaign.state.book

    assert book.tally.present == int(book.present().sum())
    assert book.tally.active == int(book.active().sum())
