"""Claims: only while Running, only what may be dialled, only the next attempt, only by the newest dialer."""

from dataclasses import replace

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, NOON_US, SECOND_US, Campaign, at, begin, chunk, ready, running, same


def test_a_claim_says_all_that_speaks_for_the_call() -> None:
    campaign = running()
    command = replace(campaign.claim_of(1, 3), zone=["Asia/Kolkata"] * 2, zone_source=["number", "campaign"])

    (event,) = campaign.accept(command)

    expected = e.AttemptsClaimed(**{name: getattr(command, name) for name in c.ClaimAttempts.__slots__})
    assert same(event, expected)
    assert campaign.state.book.tally.open == 2
    assert campaign.state.book.originate_before_us == dict.fromkeys((1, 3), command.originate_before_us)


@pytest.mark.parametrize("position", [Position.READY, Position.STOPPED, Position.COMPLETED])
def test_nothing_is_claimed_unless_the_campaign_runs(position: Position) -> None:
    campaign = at(position)

    rejection = campaign.reject(campaign.claim_of(1))

    assert (rejection.code, rejection.details["position"]) == ("position-does-not-allow", position)


def test_a_claim_of_a_superseded_dialer_is_refused() -> None:
    campaign = running()
    campaign.accept(c.TakeOverDialling(5))

    assert campaign.reject(campaign.claim_of(1, epoch=4)) == Rejection(
        "dialer-superseded", {"dialer_epoch": 5}
    )
    campaign.claim(1, epoch=5)


def test_a_claim_of_a_newer_dialer_supersedes_the_older() -> None:
    campaign = running()
    campaign.claim(1, epoch=5)

    assert campaign.reject(campaign.claim_of(2, epoch=4)).code == "dialer-superseded"


def test_of_a_batch_what_may_be_dialled_is_claimed_and_the_rest_told() -> None:
    campaign = running(records=3)
    campaign.dial("InvalidNumber", 1)

    (event,) = campaign.accept(campaign.claim_of(1, 2, 9))

    assert isinstance(event, e.AttemptsClaimed) and event.record == [2]
    assert campaign.answer is not None
    assert campaign.answer.details == {
        "claimed": [2],
        "refused": [{"record": 1, "reason": "final"}, {"record": 9, "reason": "unknown"}],
    }


def refused(campaign: Campaign, command: c.ClaimAttempts) -> str:
    """Why the one record of a claim is refused."""
    rejection = campaign.reject(command)
    assert rejection.code == "nothing-claimable"
    told = rejection.details["refused"]
    assert isinstance(told, list) and len(told) == 1
    return str(told[0]["reason"])


def test_an_attempt_number_that_is_not_the_next() -> None:
    campaign = running()

    assert refused(campaign, replace(campaign.claim_of(1), attempt=[2])) == "attempt-not-next"
    campaign.dial("Busy", 1)
    campaign.wait(600)
    assert refused(campaign, replace(campaign.claim_of(1), attempt=[1])) == "attempt-not-next"


def test_a_pass_that_is_over() -> None:
    campaign = running()
    campaign.stop()
    campaign.accept(c.ResetCampaign(ALL))
    campaign.start()

    assert refused(campaign, replace(campaign.claim_of(1), pass_number=[1])) == "other-pass"


def test_a_record_that_is_not_due() -> None:
    campaign = running()
    campaign.dial("Busy", 1)

    assert refused(campaign, campaign.claim_of(1)) == "not-due"
    campaign.wait(599.5)
    campaign.claim(1)  # a dialer's clock may be a little ahead


def test_a_record_that_has_expired() -> None:
    campaign = ready(records=0)
    campaign.upload(1, expires_us=[NOON_US + 10 * SECOND_US])
    campaign.start()
    campaign.wait(11)

    assert refused(campaign, campaign.claim_of(1)) == "expired"


def test_a_record_that_waits_for_its_disposition() -> None:
    campaign = running()
    campaign.dial("Answered", 1)

    assert refused(campaign, campaign.claim_of(1)) == "awaits-disposition"


def test_a_record_whose_call_is_up() -> None:
    campaign = running()
    campaign.claim(1)

    assert refused(campaign, replace(campaign.claim_of(1), attempt=[2])) == "call-up"


def test_a_record_that_had_its_attempts_for_life() -> None:
    campaign = running(records=2, max_attempts=3)
    campaign.dial("Busy", 1)
    campaign.stop()
    campaign.accept(c.ChangeSettings(max_attempts=1))
    campaign.start()
    campaign.wait(600)

    assert refused(campaign, campaign.claim_of(1)) == "lifetime-cap"


def test_a_record_of_an_upload_that_is_open_or_came_to_nothing() -> None:
    campaign = ready(records=1)
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 1))
    campaign.accept(c.RejectUpload("u2", "empty-file", ""))
    campaign.start()

    assert refused(campaign, campaign.claim_of(2)) == "unknown"


def test_a_claim_that_comes_too_late_to_be_used() -> None:
    campaign = running()
    command = campaign.claim_of(1)
    campaign.wait(2)

    assert refused(campaign, command) == "late"


def test_a_record_stands_once_in_a_batch() -> None:
    campaign = running()

    (event,) = campaign.accept(campaign.claim_of(1, 1))

    assert isinstance(event, e.AttemptsClaimed) and event.record == [1]


def test_the_same_claim_again_changes_nothing() -> None:
    campaign = running()
    command = campaign.claim_of(1)
    campaign.accept(command)

    assert campaign.accept(command) == []
    assert campaign.answer is not None
    assert campaign.answer.details == {"claimed": [], "refused": [{"record": 1, "reason": "already"}]}


def test_attempts_are_counted_for_life_and_never_twice() -> None:
    campaign = running(records=1)
    for expected in (1, 2, 3):
        campaign.claim(1)
        assert campaign.row(1)["claims"] == expected
        campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[expected]))
    campaign.stop()
    campaign.accept(c.ResetCampaign(ALL))
    campaign.start()
    campaign.claim(1)

    assert campaign.row(1)["claims"] == 4


def test_a_withdrawn_claim_leaves_the_record_as_it_was() -> None:
    campaign = running()
    before = campaign.row(1)
    campaign.claim(1)

    (event,) = campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1], cause=["stopped"]))

    assert same(event, e.AttemptsWithdrawn(1, [1], [1], ["stopped"]))
    assert campaign.row(1) == {**before, "claims": 1}
    assert campaign.state.book.tally.open == 0
    assert campaign.state.book.originate_before_us == {}


def test_a_withdrawal_is_taken_once_and_never_of_what_has_ended() -> None:
    campaign = running()
    campaign.claim(1, 2)
    campaign.end("Busy", 2)
    command = c.WithdrawAttempts(1, record=[1, 2], attempt=[1, 1], cause=["late", "late"])

    (event,) = campaign.accept(command)

    assert same(event, e.AttemptsWithdrawn(1, [1], [1], ["late"]))
    assert campaign.accept(command) == []


def test_a_withdrawal_of_what_was_never_claimed_is_refused() -> None:
    assert running().reject(c.WithdrawAttempts(1, record=[1], attempt=[1])).code == "attempt-unknown"


def test_withdrawals_are_taken_in_stopped() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.stop()

    campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1], cause=["stopped"]))

    assert campaign.state.book.tally.active == 3
