"""Reset: only Stopped or Completed; the matching records are dialable again in a new pass; the campaign is Ready."""

import pytest
from pyroaring import BitMap

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, DAY_US, NOON_US, Campaign, ready, running, same, stopped

FAILED = (Filter(status=["Fail"]),)


def failed(*records: int, count: int = 3) -> Campaign:
    """A stopped campaign in which those records have failed."""
    campaign = running(count)
    campaign.dial("InvalidNumber", *records)
    if campaign.position is Position.RUNNING:
        campaign.stop()
    return campaign


def test_makes_the_matching_records_dialable_again_and_the_campaign_ready() -> None:
    campaign = failed(1, 3)

    (event,) = campaign.accept(c.ResetCampaign(FAILED), "reset-1")

    assert isinstance(event, e.CampaignReset)
    assert (event.command_id, event.affected, event.not_dialable) == ("reset-1", 2, {})
    assert BitMap.deserialize(event.records) == BitMap([1, 3])
    assert same(event, e.CampaignReset("reset-1", event.records, 2, {}, FAILED))
    assert campaign.position is Position.READY
    assert [campaign.status(record) for record in (1, 2, 3)] == [("Pending", "")] * 3


def test_clears_what_belongs_to_the_pass_and_keeps_what_counts_for_life() -> None:
    campaign = running(records=1)
    campaign.dial("Answered", 1, agent="anna")
    campaign.dispose(1, "Callback", callback_us=NOON_US + DAY_US)
    campaign.stop()
    before = campaign.row(1)

    campaign.accept(c.ResetCampaign(ALL))

    assert (before["disposition"], before["due_us"], before["attempts"]) == ("Callback", NOON_US + DAY_US, 1)
    after = campaign.row(1)
    assert (after["status"], after["reason"], after["disposition"]) == ("Pending", "", "")
    assert (after["due_us"], after["attempts"], after["pass_number"]) == (0, 0, 2)
    kept = ("lifetime", "claims", "last_attempt_us", "last_agent")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_can_be_done_after_completion() -> None:
    campaign = running(records=1)
    campaign.dial("InvalidNumber", 1)
    campaign.must_be(Position.COMPLETED)

    campaign.accept(c.ResetCampaign(ALL))
    campaign.start()

    assert campaign.position is Position.RUNNING


def test_of_nothing_changes_nothing_and_says_so() -> None:
    campaign = stopped()

    assert campaign.accept(c.ResetCampaign(FAILED)) == []
    assert campaign.position is Position.STOPPED
    assert campaign.answer is not None
    assert campaign.answer.message == "No record was reset: none that can be dialled matches."


def test_waits_for_calls_that_are_up_among_the_matching_records() -> None:
    campaign = running()
    campaign.claim(1, 2)
    campaign.stop()

    assert campaign.reject(c.ResetCampaign(ALL)) == Rejection("calls-in-progress", {"in_progress": 2})
    assert len(campaign.accept(c.ResetCampaign([Filter(record_id=[3])]))) == 1


def test_takes_records_that_wait_for_a_disposition() -> None:
    campaign = running(records=1)
    campaign.dial("Answered", 1)
    campaign.stop()

    campaign.accept(c.ResetCampaign(ALL))

    assert campaign.state.book.tally.awaiting == 0
    assert campaign.state.book.tally.active == 1


def test_leaves_what_can_never_be_dialled_and_tells_why() -> None:
    campaign = _four_kinds()

    (event,) = campaign.accept(c.ResetCampaign(ALL))

    assert isinstance(event, e.CampaignReset)
    assert BitMap.deserialize(event.records) == BitMap([4])
    assert event.not_dialable == {"DoNotCall": 1, "Expired": 1, "LifetimeCap": 1}
    assert campaign.answer is not None
    assert campaign.answer.message == (
        "1 record reset; 3 not dialable: DoNotCall 1, Expired 1, LifetimeCap 1. The campaign is ready."
    )
    assert campaign.answer.affected == 1


def _four_kinds() -> Campaign:
    """Do-not-call 1, expired 2, at its cap 3, and 4 that may be dialled."""
    campaign = ready(records=0, max_attempts=2)
    campaign.upload(4, expires_us=[0, NOON_US + DAY_US, 0, 0])
    campaign.start()
    campaign.dial("Answered", 1)
    campaign.dispose(1, "Do not call")
    campaign.dial("Busy", 3)
    campaign.wait(3600)
    campaign.dial("Busy", 3)
    campaign.stop()
    campaign.wait(2 * 86_400)
    return campaign


def test_with_only_what_can_never_be_dialled_changes_nothing() -> None:
    campaign = _four_kinds()

    assert campaign.accept(c.ResetCampaign([Filter(record_id=[1, 2, 3])])) == []
    assert campaign.position is Position.STOPPED


def test_touches_exactly_what_the_dry_run_showed_when_asked_to() -> None:
    campaign = failed(1)
    selection = campaign.preview(c.ResetCampaign(FAILED)).details["selection"]
    campaign.start()
    campaign.dial("InvalidNumber", 2)
    campaign.stop()

    rejection = campaign.reject(c.ResetCampaign(FAILED, selection))

    assert rejection.code == "count-changed"
    assert rejection.details["affected"] == 2
    now = campaign.preview(c.ResetCampaign(FAILED)).details["selection"]
    assert rejection.details["selection"] == now != selection
    assert len(campaign.accept(c.ResetCampaign(FAILED, now))) == 1


def test_without_filters_is_refused_because_all_must_be_said() -> None:
    assert stopped().reject(c.ResetCampaign()) == Rejection("filters-missing")


@pytest.mark.parametrize(
    ("one", "pointer", "known"),
    [
        (Filter(status=["Failed"]), "#/filters/status", "Pending, Success, Fail, Complete"),
        (Filter(reason=["Sleepy"]), "#/filters/reason", "Answered, Busy"),
        (Filter(disposition=["Sale"]), "#/filters/disposition", "Interested"),
        (Filter(agent=["zoe"]), "#/filters/agent", "known are anna"),
        (Filter(skill=["french"]), "#/filters/skill", "known are none"),
        (Filter(priority=["9-5"]), "#/filters/priority", "1 to 99"),
        (Filter(from_date="yesterday"), "#/filters/from_date", "such as 2026-11-25"),
        (
            Filter(date_field="born", from_date="2025-01-01"),
            "#/filters/date_field",
            "last_attempt, created, updated",
        ),
    ],
)
def test_a_filter_that_cannot_be_meant_is_named_with_the_known_ones(
    one: Filter, pointer: str, known: str
) -> None:
    campaign = stopped(agents=("anna",))

    rejection = campaign.reject(c.ResetCampaign([one]))

    assert rejection.code == "filter-invalid"
    (error,) = campaign.errors(rejection)
    assert error["pointer"] == pointer
    assert known in error["detail"]
