"""Force Complete: what is still active is Complete; calls that are up finish, and what follows from them is final."""

from pyroaring import BitMap

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, DAY_US, NOON_US, completed, ready, running, same, stopped


def test_marks_what_was_not_dialled_and_what_waits() -> None:
    campaign = running(records=4)
    campaign.dial("Busy", 1)
    campaign.dial("InvalidNumber", 2)

    (event,) = campaign.accept(c.ForceComplete(), "force-1")

    assert isinstance(event, e.CampaignForceCompleted)
    assert set(BitMap.deserialize(event.records)) == {1, 3, 4}
    assert same(event, e.CampaignForceCompleted("force-1", event.records, 3, 2, 1))
    assert campaign.position is Position.COMPLETED
    assert campaign.status(3) == ("Complete", "ForceCompleted")
    assert campaign.status(2) == ("Fail", "InvalidNumber")
    assert campaign.answer is not None
    assert campaign.answer.message == (
        "3 records marked complete: 2 never dialled, 1 waiting for a retry or callback. The campaign is completed."
    )


def test_keeps_each_record_s_last_disposition() -> None:
    campaign = running(records=1)
    campaign.dial("Answered", 1)
    campaign.dispose(1, "Callback", callback_us=NOON_US + DAY_US)

    campaign.accept(c.ForceComplete())

    row = campaign.row(1)
    assert (row["status"], row["disposition"], row["due_us"]) == ("Complete", "Callback", 0)


def test_completes_a_campaign_without_records() -> None:
    campaign = ready(records=0)

    (event,) = campaign.accept(c.ForceComplete())

    assert isinstance(event, e.CampaignForceCompleted) and event.affected == 0
    assert campaign.position is Position.COMPLETED


def test_of_a_completed_campaign_changes_nothing() -> None:
    campaign = completed()

    assert campaign.accept(c.ForceComplete()) == []
    assert campaign.answer is not None and campaign.answer.message == "The campaign is completed already."


def test_a_call_that_is_up_finishes_and_is_not_dialled_again() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.ForceComplete())
    assert campaign.status(1) == ("Pending", "")

    campaign.end("Busy", 1)

    assert campaign.status(1) == ("Fail", "Busy")
    assert campaign.position is Position.COMPLETED


def test_an_answer_still_gets_its_disposition_but_no_callback() -> None:
    campaign = running(records=2)
    campaign.claim(1, 2)
    campaign.accept(c.ForceComplete())
    campaign.end("Answered", 1, 2)
    assert campaign.state.book.tally.awaiting == 2

    campaign.dispose(1, "Interested")
    campaign.dispose(2, "Callback", callback_us=NOON_US + DAY_US)

    assert campaign.status(1) == ("Success", "Answered")
    row = campaign.row(2)
    assert (row["status"], row["disposition"], row["due_us"]) == ("Fail", "Callback", 0)


def test_what_follows_from_such_a_call_stays_final_when_data_is_added_meanwhile() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.ForceComplete())
    campaign.upload(1, "u2")
    assert campaign.position is Position.READY

    campaign.end("Busy", 1)

    assert campaign.status(1) == ("Fail", "Busy")


def test_a_claim_that_was_not_placed_is_complete_like_the_others() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.ForceComplete())

    withdrawn, excluded = campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1], cause=["stopped"]))

    assert isinstance(withdrawn, e.AttemptsWithdrawn)
    assert same(excluded, e.RecordsExcluded([1], ["ForceCompleted"]))
    assert campaign.status(1) == ("Complete", "ForceCompleted")
    assert campaign.state.book.tally.active == 0


def test_a_disposition_in_completed_changes_status_but_never_schedules() -> None:
    campaign = running(records=2)
    campaign.dial("Answered", 1)
    campaign.dispose(1, "Call again")
    campaign.accept(c.ForceComplete())
    assert campaign.status(1) == ("Complete", "ForceCompleted")

    campaign.dispose(1, "Callback", "boss", callback_us=NOON_US + DAY_US)
    assert campaign.status(1) == ("Complete", "ForceCompleted")
    assert campaign.row(1)["disposition"] == "Callback"

    campaign.dispose(1, "Interested", "boss")
    assert campaign.status(1) == ("Success", "Answered")
    assert campaign.position is Position.COMPLETED


def test_the_dry_run_counts_in_every_position() -> None:
    for campaign in (ready(), running(), stopped()):
        answer = campaign.preview(c.ForceComplete())
        assert (answer.affected, answer.details["never_dialled"], answer.details["waiting"]) == (3, 3, 0)

    assert completed().preview(c.ForceComplete()).affected == 0


def test_afterwards_a_reset_makes_the_records_dialable_again() -> None:
    campaign = completed()

    campaign.accept(c.ResetCampaign(ALL))

    assert campaign.position is Position.READY
    assert campaign.state.book.tally.active == 3
