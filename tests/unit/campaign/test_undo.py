"""Undo of the last Reset or Force Complete, and of a delete within its grace: the former state, as far as it can be."""

from typing import Any

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, DAY_US, NOON_US, Campaign, begin, completed, ready, running, stopped

SHOWN = ("status", "reason", "disposition", "attempts", "pass_number", "due_us")


def played() -> Campaign:
    """Stopped, with a success, a failure, and records that wait for a retry, a callback and a disposition."""
    campaign = running(records=6)
    campaign.dial("Answered", 1, 4, 5)
    campaign.dispose(1, "Interested")
    campaign.dispose(4, "Callback", callback_us=NOON_US + DAY_US)
    campaign.dial("InvalidNumber", 2)
    campaign.dial("Busy", 3)
    campaign.stop()
    return campaign


def test_a_reset_is_undone_to_the_former_state() -> None:
    campaign = played()
    before = _rows(campaign)
    tally = campaign.copy().book.tally
    campaign.accept(c.ResetCampaign(ALL), "reset-1")

    (event,) = campaign.accept(c.UndoCommand("reset-1"))

    assert isinstance(event, e.CommandUndone)
    assert (event.command_type, event.restored, event.changed_since) == ("ResetCampaign", 6, 0)
    assert _rows(campaign) == before
    assert campaign.state.book.tally == tally
    assert campaign.position is Position.STOPPED
    assert campaign.answer is not None
    assert campaign.answer.message == "6 records restored. The campaign is stopped."


def test_a_force_complete_is_undone_to_the_former_state() -> None:
    campaign = played()
    before = _rows(campaign)
    campaign.accept(c.ForceComplete(), "force-1")

    (event,) = campaign.accept(c.UndoCommand("force-1"))

    assert isinstance(event, e.CommandUndone)
    assert (event.command_type, event.restored) == ("ForceComplete", 3)
    assert _rows(campaign) == before
    assert campaign.position is Position.STOPPED


def test_undo_never_lands_in_running() -> None:
    campaign = running()
    campaign.accept(c.ForceComplete(), "force-1")

    campaign.accept(c.UndoCommand("force-1"))

    assert campaign.position is Position.STOPPED


def test_a_call_that_was_up_is_retried_again_after_the_undo() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.ForceComplete(), "force-1")
    campaign.accept(c.UndoCommand("force-1"))

    campaign.end("Busy", 1)

    assert campaign.status(1) == ("Pending", "Busy")


def test_records_that_a_fact_has_changed_since_stay_as_they_are() -> None:
    campaign = running()
    campaign.dial("Answered", 1)
    campaign.dispose(1, "Call again")
    campaign.accept(c.ForceComplete(), "force-1")
    campaign.dispose(1, "Interested", "boss")

    (event,) = campaign.accept(c.UndoCommand("force-1"))

    assert isinstance(event, e.CommandUndone)
    assert (event.restored, event.changed_since) == (2, 1)
    assert campaign.status(1) == ("Success", "Answered")
    assert campaign.answer is not None
    assert campaign.answer.message == (
        "2 records restored, 1 changed since and left as they are. The campaign is stopped."
    )


def test_records_excluded_since_stay_excluded() -> None:
    campaign = stopped()
    campaign.accept(c.ResetCampaign(ALL), "reset-1")
    campaign.accept(c.ExcludeRecords([2], ["DoNotCall"]))

    campaign.accept(c.UndoCommand("reset-1"))

    assert campaign.status(2) == ("Fail", "DoNotCall")


def test_the_next_administrative_command_ends_what_can_be_undone() -> None:
    for command in (c.StartCampaign(), c.ChangeSettings(name="Summer"), begin("u2")):
        campaign = stopped()
        campaign.accept(c.ResetCampaign(ALL), "reset-1")
        campaign.accept(command)
        if campaign.position is Position.RUNNING:
            campaign.stop()
        if campaign.state.open_upload:
            campaign.accept(c.RejectUpload("u2", "empty-file", ""))

        assert campaign.reject(c.UndoCommand("reset-1")) == Rejection("undo-not-available", {"available": []})


def test_only_the_last_of_two_resets_can_be_undone() -> None:
    campaign = played()
    campaign.accept(c.ResetCampaign([Filter(status=["Fail"])]), "reset-1")
    campaign.start()
    campaign.stop()
    campaign.accept(c.ResetCampaign([Filter(status=["Success"])]), "reset-2")

    rejection = campaign.reject(c.UndoCommand("reset-1"))

    assert rejection == Rejection("undo-not-available", {"available": ["reset-2"]})


def test_an_undo_is_not_undone_nor_done_twice() -> None:
    campaign = played()
    campaign.accept(c.ResetCampaign(ALL), "reset-1")
    campaign.accept(c.UndoCommand("reset-1"), "undo-1")

    assert campaign.reject(c.UndoCommand("reset-1")).code == "undo-not-available"
    assert campaign.reject(c.UndoCommand("undo-1")).code == "undo-not-available"


def test_waits_for_an_open_upload() -> None:
    campaign = completed()
    campaign.accept(begin("u2"))

    assert campaign.reject(c.UndoCommand("force")) == Rejection("upload-in-progress", {"upload_id": "u2"})


def test_a_delete_is_undone_within_its_grace() -> None:
    campaign = played()
    before = _rows(campaign)
    campaign.accept(c.DeleteRecords(ALL, confirm_affected=6), "delete-1", delete_grace_s=60)
    campaign.must_be(Position.READY)

    (event,) = campaign.accept(c.UndoCommand("delete-1"))

    assert isinstance(event, e.CommandUndone)
    assert (event.command_type, event.restored, event.changed_since) == ("DeleteRecords", 6, 0)
    assert _rows(campaign) == before
    assert campaign.position is Position.STOPPED
    assert campaign.state.erasures == {}


def test_a_delete_is_final_when_its_grace_is_over() -> None:
    campaign = played()
    campaign.accept(c.DeleteRecords(ALL, confirm_affected=6), "delete-1", delete_grace_s=60)
    campaign.wait(61)

    assert campaign.reject(c.UndoCommand("delete-1")) == Rejection("undo-not-available", {"available": []})
    assert "delete-1" in campaign.state.erasures


def test_a_delete_without_grace_cannot_be_undone() -> None:
    campaign = ready()
    campaign.accept(c.DeleteRecords(ALL, confirm_affected=3), "delete-1")

    assert campaign.reject(c.UndoCommand("delete-1")).code == "undo-not-available"


def test_a_delete_can_be_undone_beside_later_commands() -> None:
    campaign = played()
    campaign.accept(
        c.DeleteRecords([Filter(record_id=[2])], confirm_affected=1), "delete-1", delete_grace_s=60
    )
    campaign.accept(c.ChangeSettings(name="Summer"))

    campaign.accept(c.UndoCommand("delete-1"))

    assert campaign.status(2) == ("Fail", "InvalidNumber")
    assert campaign.position is Position.STOPPED


def test_active_records_that_come_back_make_a_completed_campaign_ready() -> None:
    campaign = ready(records=2)
    campaign.accept(
        c.DeleteRecords([Filter(record_id=[1])], confirm_affected=1), "delete-1", delete_grace_s=600
    )
    campaign.start()
    campaign.dial("InvalidNumber", 2)
    campaign.must_be(Position.COMPLETED)

    campaign.accept(c.UndoCommand("delete-1"))

    assert campaign.position is Position.READY
    assert campaign.state.book.tally.active == 1


def test_a_withdrawn_upload_comes_back_within_the_grace() -> None:
    campaign = ready()
    campaign.upload(2, "u2")
    campaign.accept(c.WithdrawUpload("u2"), "withdraw-1", delete_grace_s=60)

    (event,) = campaign.accept(c.UndoCommand("withdraw-1"))

    assert isinstance(event, e.CommandUndone) and event.command_type == "WithdrawUpload"
    assert campaign.state.uploads["u2"].state == "committed"
    assert campaign.state.book.tally.present == 5


def test_a_claim_of_the_undone_pass_is_not_mistaken_for_the_next_one() -> None:
    campaign = played()
    campaign.accept(c.ResetCampaign(ALL), "reset-1")
    campaign.accept(c.UndoCommand("reset-1"))
    campaign.start()
    campaign.wait(3600)

    campaign.claim(3)

    assert (campaign.row(3)["claims"], campaign.row(3)["pass_number"]) == (2, 1)


def _rows(campaign: Campaign) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in campaign.row(record).items() if name in SHOWN}
        for record in range(1, campaign.state.book.size)
    ]
