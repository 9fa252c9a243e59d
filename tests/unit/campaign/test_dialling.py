"""What the dialer says of itself and of time: it takes over, records can no longer be dialled; and what is due."""

from typing import Any

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.dialable import awaiting, due, excludable, next_due_us, open_attempts
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, NOON_US, SECOND_US, Campaign, ready, running, same, stopped


def test_a_dialer_takes_over_once() -> None:
    campaign = running()

    assert campaign.accept(c.TakeOverDialling(7)) == [e.DiallingTakenOver(7)]
    assert campaign.accept(c.TakeOverDialling(7)) == []
    assert campaign.reject(c.TakeOverDialling(6)) == Rejection("dialer-superseded", {"dialer_epoch": 7})


def test_taking_over_is_no_administrative_change() -> None:
    campaign = running()
    version = campaign.state.version

    campaign.accept(c.TakeOverDialling(7))

    assert campaign.state.version == version


def expiring(*expires_s: int, **given: Any) -> Campaign:
    """Ready, with records that expire so many seconds after noon; 0 = never."""
    campaign = ready(records=0, **given)
    expires_us = [NOON_US + one * SECOND_US if one else 0 for one in expires_s]
    campaign.upload(len(expires_s), expires_us=expires_us)
    return campaign


def test_records_that_expired_become_final_in_every_position() -> None:
    campaign = expiring(10, 0)
    campaign.wait(11)

    (event,) = campaign.accept(c.ExcludeRecords([1], ["Expired"]))

    assert same(event, e.RecordsExcluded([1], ["Expired"]))
    assert campaign.status(1) == ("Fail", "Expired")
    assert campaign.position is Position.READY


def test_what_has_not_expired_by_the_writer_s_clock_stays() -> None:
    campaign = expiring(10, 0)

    assert campaign.accept(c.ExcludeRecords([1, 2], ["Expired", "Expired"])) == []
    assert campaign.state.book.tally.active == 2


def test_a_cap_that_is_not_reached_excludes_nobody() -> None:
    campaign = ready(max_attempts=2)

    assert campaign.accept(c.ExcludeRecords([1], ["LifetimeCap"])) == []


def test_only_active_records_are_excluded_and_each_once() -> None:
    campaign = running(records=4)
    campaign.dial("InvalidNumber", 1)
    campaign.dial("Answered", 2)
    campaign.claim(3)

    (event,) = campaign.accept(c.ExcludeRecords([1, 2, 3, 4, 4, 9], ["DoNotCall"] * 6))

    assert same(event, e.RecordsExcluded([4], ["DoNotCall"]))
    assert campaign.accept(c.ExcludeRecords([4], ["DoNotCall"])) == []


@pytest.mark.parametrize("reasons", [["Bored"], [], ["ForceCompleted"]])
def test_a_reason_that_excludes_nobody_is_refused(reasons: list[str]) -> None:
    command = c.ExcludeRecords([1, 2][: max(1, len(reasons))], reasons)

    assert running().reject(command).code == "request-invalid"


def test_excluding_the_last_active_record_completes_the_campaign() -> None:
    campaign = stopped(records=1)

    excluded, completed = campaign.accept(c.ExcludeRecords([1], ["DoNotCall"]))

    assert isinstance(excluded, e.RecordsExcluded)
    assert completed == e.CampaignCompleted()
    assert campaign.answer is not None
    assert campaign.answer.message == (
        "1 record can no longer be dialled. Nothing is left to do: the campaign is completed."
    )


def test_what_can_be_excluded_is_found_with_its_reason() -> None:
    campaign = expiring(10, 0, 0, max_attempts=1)
    campaign.start()
    campaign.dial("Congestion", 2)
    campaign.dial("Busy", 3)
    campaign.wait(11)

    assert excludable(campaign.state, campaign.now_us, 10) == ([1], ["Expired"])
    campaign.stop()
    campaign.accept(c.ChangeSettings(max_attempts=2))
    campaign.start()
    campaign.wait(3600)
    campaign.dial("Busy", 2)
    campaign.stop()
    campaign.accept(c.ChangeSettings(max_attempts=1))

    found = excludable(campaign.state, campaign.now_us, 10)

    assert found == ([1, 2], ["Expired", "LifetimeCap"])
    assert excludable(campaign.state, campaign.now_us, 1) == ([1], ["Expired"])
    campaign.accept(c.ExcludeRecords(*found))
    assert excludable(campaign.state, campaign.now_us, 10) == ([], [])


def test_due_records_come_by_priority_then_by_time_then_by_number() -> None:
    campaign = ready(records=0)
    campaign.upload(6, priority=[1, 5, 5, 9, 1, 5])
    campaign.start()
    campaign.dial("Busy", 2)
    campaign.wait(600)

    assert due(campaign.state, campaign.now_us, 10) == [4, 3, 6, 2, 1, 5]
    for limit in range(7):
        assert due(campaign.state, campaign.now_us, limit) == [4, 3, 6, 2, 1, 5][:limit]


def test_what_is_not_due_expired_capped_up_or_waiting_is_not_dialled() -> None:
    campaign = expiring(10, 0, 0, 0, 0, max_attempts=1)
    campaign.start()
    campaign.dial("Congestion", 2)
    campaign.claim(3)
    campaign.dial("Answered", 4)
    campaign.wait(11)

    assert due(campaign.state, campaign.now_us, 10) == [5]
    campaign.wait(120)
    assert due(campaign.state, campaign.now_us, 10) == [5, 2]


def test_only_zones_that_may_be_called_now_are_due() -> None:
    campaign = ready(records=0)
    campaign.upload(3, zone=["Asia/Dubai", "", "Europe/London"])

    def is_open(zone: str) -> bool:
        return zone in ("Asia/Kolkata", "Europe/London")

    assert due(campaign.state, campaign.now_us, 10, is_open) == [2, 3]


def test_the_next_time_something_is_due() -> None:
    campaign = running(records=2)
    assert next_due_us(campaign.state, campaign.now_us) is None

    campaign.dial("Busy", 1)
    campaign.dial("NoAnswer", 2)

    assert next_due_us(campaign.state, campaign.now_us) == campaign.row(1)["due_us"]


def test_answers_that_wait_are_found_by_when_they_ended() -> None:
    campaign = running()
    campaign.dial("Answered", 1)
    ended_us = campaign.now_us

    assert awaiting(campaign.state, ended_us) == []
    assert awaiting(campaign.state, ended_us + 1) == [(1, 1)]


def test_open_attempts_are_found_with_their_deadline() -> None:
    campaign = running()
    command = campaign.claim_of(1, 3)
    campaign.accept(command)

    expected = [(1, 1, command.originate_before_us), (3, 1, command.originate_before_us)]
    assert open_attempts(campaign.state) == expected


def test_a_reset_record_is_due_at_once() -> None:
    campaign = running(records=1)
    campaign.dial("Busy", 1)
    campaign.stop()
    campaign.accept(c.ResetCampaign(ALL))

    assert due(campaign.state, campaign.now_us, 10) == [1]
