"""What the dialer wants now: a pure function of the folded campaign and the clock."""

from datetime import UTC, datetime

import pytest

from outdial.campaign.commands import (
    AbandonUpload,
    ClaimAttempts,
    CompleteIfDone,
    CreateCampaign,
    ExcludeRecords,
    RecordDisposition,
    TakeOverDialling,
)
from outdial.campaign.positions import Position
from outdial.campaign.settings import CallingWindow, RetryRule
from outdial.campaign.state import CampaignState
from services.dialer import plan
from services.dialer.plan import Busy, Limits
from tests.kit.campaign import (
    DAY_US,
    MINUTE_US,
    NOON_US,
    SECOND_US,
    Campaign,
    at,
    begin,
    ready,
    running,
    settings,
)

EPOCH = 7
LIMITS = Limits(tzdata_version="2025b")


def claim(
    campaign: Campaign, busy: Busy | None = None, lines: int = 100, epoch: int = EPOCH
) -> ClaimAttempts | None:
    campaign.state.dialer_epoch = EPOCH
    return plan.claim(campaign.state, busy or Busy(), lines, LIMITS, (epoch, campaign.now_us))


def wanted(campaign: Campaign) -> list[object]:
    return [errand.command for errand in plan.errands(campaign.state, campaign.now_us)]


def test_a_claim_takes_what_is_due_with_its_evidence_and_lives_two_seconds() -> None:
    campaign = running(3, caller_id="+912212345678", max_calls=50)

    command = claim(campaign)

    assert command is not None
    assert (list(command.record), list(command.attempt), list(command.pass_number)) == (
        [1, 2, 3],
        [1] * 3,
        [1] * 3,
    )
    assert command.originate_before_us == campaign.now_us + 2 * SECOND_US
    assert (command.dialer_epoch, command.caller_id, command.do_not_call_version) == (
        EPOCH,
        "+912212345678",
        0,
    )
    assert (list(command.zone), list(command.zone_source)) == (["Asia/Kolkata"] * 3, ["campaign"] * 3)
    assert (command.tzdata_version, command.mode) == ("2025b", "progressive")
    assert command.pacing_rule == "at most 50 calls at once"


def test_the_zone_of_the_number_goes_before_that_of_the_campaign() -> None:
    campaign = ready(0)
    campaign.upload(2, zone=["Europe/Paris", ""])
    campaign.start()

    command = claim(campaign)

    assert command is not None
    assert list(zip(command.zone, command.zone_source, strict=True)) == [
        ("Europe/Paris", "number"),
        ("Asia/Kolkata", "campaign"),
    ]


@pytest.mark.parametrize("position", [one for one in Position if one is not Position.RUNNING])
def test_nothing_is_claimed_unless_running(position: Position) -> None:
    assert claim(at(position)) is None


@pytest.mark.parametrize("epoch", [EPOCH - 1, EPOCH + 1])
def test_nothing_is_claimed_that_this_term_has_not_taken_over(epoch: int) -> None:
    assert claim(running(), epoch=epoch) is None


def test_lines_are_bounded_by_calls_up_claims_under_way_and_the_dialers_own_limit() -> None:
    campaign = running(20, max_calls=10)
    campaign.claim(1, 2, 3, epoch=EPOCH)

    bounded = claim(campaign, Busy(claiming={4, 5}))
    few = claim(campaign, Busy(claiming={4, 5}), lines=1)
    none = claim(campaign, Busy(claiming=set(range(4, 11))))

    assert bounded is not None and list(bounded.record) == [6, 7, 8, 9, 10]
    assert few is not None and list(few.record) == [6]
    assert none is None


def test_records_that_are_held_back_are_passed_over() -> None:
    command = claim(running(5), Busy(held={1, 3}))

    assert command is not None and list(command.record) == [2, 4, 5]


def test_at_most_four_claims_of_a_partition_are_unanswered() -> None:
    assert claim(running(), Busy(batches=3)) is not None
    assert claim(running(), Busy(batches=4)) is None


def test_a_claim_has_at_most_500_rows() -> None:
    campaign = ready(500, max_calls=1000)
    campaign.upload(200, "u2")
    campaign.start()

    command = claim(campaign, lines=1000)

    assert command is not None and len(command.record) == 500


def test_only_zones_whose_window_is_open_are_claimed() -> None:
    noon_in_utc = (CallingWindow("11:00", "13:00"),)
    campaign = ready(0, time_zone="UTC", calling_window=noon_in_utc)
    campaign.upload(3, zone=["", "Asia/Tokyo", "Europe/London"])
    campaign.start()
    assert datetime.fromtimestamp(NOON_US / 1e6, UTC).hour == 12

    command = claim(campaign)

    assert command is not None and list(command.record) == [1, 3]


def test_a_record_that_waits_for_its_retry_is_claimed_when_it_is_due() -> None:
    campaign = running(1, retry=(RetryRule("Busy", 3, 60),))
    campaign.dial("Busy", 1)

    campaign.wait(59)
    assert claim(campaign) is None
    campaign.wait(2)
    command = claim(campaign)

    assert command is not None and (list(command.record), list(command.attempt)) == ([1], [2])


def test_the_dialers_lines_count_all_campaigns() -> None:
    one, other = running(9), running(9)
    one.claim(1, 2)
    other.claim(1)

    assert plan.lines_free([one.state, other.state], 4, Limits(lines=20)) == 20 - 3 - 4


def test_a_running_campaign_of_an_older_term_is_taken_over_once() -> None:
    campaign = running()

    errand = plan.takeover(campaign.state, EPOCH)

    assert errand is not None and errand.command == TakeOverDialling(EPOCH)
    campaign.accept(errand.command)
    assert plan.takeover(campaign.state, EPOCH) is None
    assert plan.takeover(ready().state, EPOCH) is None


def test_expired_records_are_excluded_in_every_position_in_which_they_are_active() -> None:
    campaign = ready(0)
    campaign.upload(3, expires_us=[campaign.now_us + DAY_US, 0, campaign.now_us + DAY_US])
    assert wanted(campaign) == []

    campaign.wait(2 * 86_400)

    assert wanted(campaign) == [ExcludeRecords([1, 3], ["Expired", "Expired"])]
    campaign.accept(ExcludeRecords([1, 3], ["Expired", "Expired"]))
    assert wanted(campaign) == []


def test_an_answer_without_disposition_gets_the_default_after_the_wrap_up_time() -> None:
    campaign = running(2, wrap_up_s=30)
    campaign.dial("Answered", 1)
    campaign.wait(29)
    assert wanted(campaign) == []

    campaign.wait(2)

    assert wanted(campaign) == [RecordDisposition(1, 1, "No disposition", "")]
    campaign.dispose(1, "Interested")
    assert wanted(campaign) == []


def test_an_upload_whose_uploader_is_gone_is_abandoned_after_ten_minutes() -> None:
    campaign = ready()
    campaign.accept(begin("u2"))
    begun_us = campaign.now_us
    campaign.wait(599)
    assert wanted(campaign) == []

    campaign.wait(2)

    (command,) = wanted(campaign)
    assert isinstance(command, AbandonUpload)
    assert (command.upload_id, command.idle_since_us) == ("u2", campaign.now_us - 10 * MINUTE_US)
    assert command.idle_since_us >= begun_us
    campaign.accept(command)
    assert campaign.state.open_upload is None


@pytest.mark.parametrize("position", [Position.RUNNING, Position.STOPPED])
def test_a_campaign_with_nothing_left_is_asked_to_complete(position: Position) -> None:
    campaign = at(position)
    assert CompleteIfDone() not in wanted(campaign)

    for record in (1, 2, 3):
        campaign.state.book.status[record] = 2
    campaign.state.book.tally.active = 0

    assert wanted(campaign) == [CompleteIfDone()]


def test_errands_of_one_kind_have_one_key_so_that_none_is_sent_twice_at_once() -> None:
    campaign = running(2, wrap_up_s=0)
    campaign.dial("Answered", 1, 2)
    campaign.wait(1)

    keys = [errand.key for errand in plan.errands(campaign.state, campaign.now_us)]

    assert len(set(keys)) == len(keys) == 2


def test_at_the_instant_of_the_call_campaign_record_and_window_are_looked_at_again() -> None:
    campaign = running(3)

    def may(record: int, at_us: int = NOON_US) -> bool:
        return plan.may_place(campaign.state, record, "Asia/Kolkata", at_us)

    assert may(1)
    assert not may(9)
    campaign.stop()
    assert not may(1)
    night = running(3, calling_window=(CallingWindow("09:00", "21:00"),))
    assert not plan.may_place(night.state, 1, "America/New_York", NOON_US - 6 * 3600 * SECOND_US)


def test_only_campaigns_of_the_group_are_ours() -> None:
    other = Campaign()
    other.accept(CreateCampaign(settings(dialer_group="elsewhere")))

    assert plan.is_ours(ready().state, "default")
    assert not plan.is_ours(other.state, "default")
    assert not plan.is_ours(CampaignState("nobody"), "default")
