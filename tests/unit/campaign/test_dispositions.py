"""Dispositions: what an agent made of an attempt, with the effect that the campaign gives it; later ones correct."""

from typing import Any

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, DAY_US, NOON_US, SECOND_US, Campaign, running

TOMORROW_US = NOON_US + DAY_US


def answered(**given: Any) -> Campaign:
    """Three records, of which 1 was answered and waits."""
    campaign = running(**given)
    campaign.dial("Answered", 1)
    return campaign


@pytest.mark.parametrize(
    ("disposition", "status", "reason"),
    [
        ("Interested", "Success", "Answered"),
        ("Not interested", "Fail", "Answered"),
        ("Do not call", "Fail", "DoNotCall"),
    ],
)
def test_a_final_effect_ends_the_record(disposition: str, status: str, reason: str) -> None:
    campaign = answered()

    (event,) = campaign.dispose(1, disposition)

    expected = e.DispositionRecorded(1, 1, disposition, "anna", 0, False, status, reason, 0)
    assert event == expected
    row = campaign.row(1)
    assert (row["status"], row["reason"], row["disposition"]) == (status, reason, disposition)
    assert row["last_agent"] == "anna"
    assert campaign.state.book.tally.awaiting == 0


def test_retry_is_due_after_the_delay_of_the_disposition() -> None:
    campaign = answered()

    campaign.dispose(1, "Call again")

    assert campaign.row(1)["due_us"] == campaign.now_us + 3600 * SECOND_US
    assert campaign.state.book.tally.active == 3


def test_callback_is_due_when_the_agent_said() -> None:
    campaign = answered()

    campaign.dispose(1, "Callback", callback_us=TOMORROW_US)

    assert campaign.row(1)["due_us"] == TOMORROW_US
    assert campaign.status(1) == ("Pending", "Answered")


def test_callback_without_a_time_is_due_after_the_delay_of_the_disposition() -> None:
    campaign = answered()

    campaign.dispose(1, "Callback")

    assert campaign.row(1)["due_us"] == campaign.now_us + DAY_US


def test_a_retry_stays_within_the_cap_for_life() -> None:
    campaign = answered(max_attempts=1)

    campaign.dispose(1, "Callback", callback_us=TOMORROW_US)

    assert campaign.status(1) == ("Fail", "LifetimeCap")


def test_a_later_disposition_corrects_and_both_stay() -> None:
    campaign = answered()
    campaign.dispose(1, "Not interested")

    (event,) = campaign.dispose(1, "Interested", "boss")

    assert isinstance(event, e.DispositionRecorded) and event.is_correction
    assert campaign.status(1) == ("Success", "Answered")
    assert campaign.answer is not None and campaign.answer.message == "Disposition corrected to Interested."


def test_a_correction_may_make_a_final_record_active_again_while_the_campaign_runs() -> None:
    campaign = answered()
    campaign.dispose(1, "Do not call")

    campaign.dispose(1, "Call again", "boss")

    assert campaign.status(1) == ("Pending", "Answered")


def test_a_disposition_of_an_older_attempt_is_history_only() -> None:
    campaign = answered()
    campaign.dispose(1, "Call again")
    campaign.wait(3600)
    campaign.dial("Busy", 1)
    before = campaign.row(1)

    (event,) = campaign.accept(c.RecordDisposition(1, 1, "Interested", "boss"))

    assert isinstance(event, e.DispositionRecorded)
    assert (event.is_correction, event.status, event.reason) == (True, "Pending", "Busy")
    assert campaign.row(1) == before


def test_a_disposition_of_an_older_pass_is_history_only() -> None:
    campaign = answered()
    campaign.stop()
    campaign.accept(c.ResetCampaign(ALL))

    (event,) = campaign.dispose(1, "Interested")

    assert isinstance(event, e.DispositionRecorded)
    assert (event.is_correction, event.status, event.reason) == (False, "Pending", "")
    assert campaign.row(1)["disposition"] == ""


def test_an_agent_may_be_faster_than_the_network() -> None:
    campaign = running()
    campaign.claim(1)

    campaign.dispose(1, "Interested")
    campaign.end("Answered", 1)

    assert campaign.status(1) == ("Success", "Answered")
    tally = campaign.state.book.tally
    assert (tally.open, tally.awaiting, tally.active) == (0, 0, 2)
    assert campaign.row(1)["attempts"] == 1


def test_the_wrap_up_time_out_records_the_default_once() -> None:
    campaign = answered()

    campaign.dispose(1, "No disposition", agent="")

    assert campaign.status(1) == ("Fail", "Answered")
    assert campaign.dispose(1, "No disposition", agent="") == []


def test_the_wrap_up_time_out_never_corrects_an_agent() -> None:
    campaign = answered()
    campaign.dispose(1, "Interested")

    assert campaign.dispose(1, "No disposition", agent="") == []
    assert campaign.status(1) == ("Success", "Answered")


def test_a_comment_is_referred_to_and_never_held() -> None:
    campaign = answered()

    campaign.dispose(1, "Interested", comment_block_id="spring/comment/1/x", comment_block_offset=9)

    (ref,) = campaign.state.further_blocks
    assert (ref.block_id, ref.block_offset, ref.record) == ("spring/comment/1/x", 9, 1)


def test_a_deleted_record_takes_its_disposition_as_history() -> None:
    campaign = answered()
    campaign.stop()
    campaign.accept(c.DeleteRecords([Filter(record_id=[1])], confirm_affected=1))

    assert len(campaign.dispose(1, "Interested")) == 1
    assert campaign.state.book.tally.present == 2


def test_unknown_things_are_named() -> None:
    campaign = answered()

    assert campaign.reject(c.RecordDisposition(9, 1, "Interested", "anna")) == Rejection(
        "record-unknown", {"record": 9}
    )
    assert campaign.reject(c.RecordDisposition(1, 2, "Interested", "anna")) == Rejection(
        "attempt-unknown", {"record": 1, "attempt": 2, "attempts": 1}
    )
    rejection = campaign.reject(c.RecordDisposition(1, 1, "Sold", "anna"))
    assert rejection.code == "disposition-unknown"
    assert "Interested" in rejection.details["dispositions"]  # type: ignore[operator]  # a list by contract


def test_the_last_disposition_completes_the_campaign() -> None:
    campaign = running(records=1)
    campaign.dial("Answered", 1)

    campaign.dispose(1, "Interested")

    assert campaign.position is Position.COMPLETED


def test_a_disposition_does_not_complete_a_campaign_that_has_more_to_do() -> None:
    campaign = answered()

    campaign.dispose(1, "Interested")

    assert campaign.position is Position.RUNNING


def test_the_disposition_of_an_attempt_that_nobody_answered_counts_too() -> None:
    campaign = running()
    campaign.dial("AnsweringMachine", 1)

    campaign.dispose(1, "Not interested")

    assert campaign.status(1) == ("Fail", "Answered")


@pytest.mark.parametrize("position", list(Position))
def test_a_disposition_is_taken_in_every_position(position: Position) -> None:
    campaign = answered()
    match position:
        case Position.READY:
            campaign.stop()
            campaign.accept(c.ResetCampaign([Filter(record_id=[2])]))
        case Position.STOPPED:
            campaign.stop()
        case Position.COMPLETED:
            campaign.accept(c.ForceComplete())
    assert campaign.position is position

    campaign.dispose(1, "Interested")

    assert campaign.status(1) == ("Success", "Answered")
