"""Delete: gone for good after a confirmation of exactly these records; withdrawing an upload deletes its records."""

from pyroaring import BitMap

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, SECOND_US, begin, chunk, completed, ready, running, same, stopped

FIRST_TWO = (Filter(record_id=[1, 2]),)


def test_without_confirmation_tells_what_would_confirm_it() -> None:
    campaign = ready()
    selection = campaign.preview(c.DeleteRecords(FIRST_TWO)).details["selection"]

    rejection = campaign.reject(c.DeleteRecords(FIRST_TWO))

    assert rejection == Rejection("confirmation-required", {"affected": 2, "selection": selection})


def test_confirmed_by_the_count() -> None:
    campaign = ready()

    (event,) = campaign.accept(c.DeleteRecords(FIRST_TWO, confirm_affected=2), "delete-1")

    assert isinstance(event, e.RecordsDeleted)
    assert BitMap.deserialize(event.records) == BitMap([1, 2])
    assert same(event, e.RecordsDeleted("delete-1", "", event.records, 2, 0, False, FIRST_TWO))
    assert campaign.state.book.tally.present == 1
    assert campaign.answer is not None and campaign.answer.message == "2 records deleted for good."


def test_confirmed_by_the_selection() -> None:
    campaign = ready()
    selection = campaign.preview(c.DeleteRecords(ALL)).details["selection"]

    assert len(campaign.accept(c.DeleteRecords(ALL, confirm_selection=selection))) == 1


def test_another_count_or_selection_is_refused() -> None:
    campaign = ready()
    answer = campaign.preview(c.DeleteRecords(FIRST_TWO))

    for command in (
        c.DeleteRecords(FIRST_TWO, confirm_affected=3),
        c.DeleteRecords(FIRST_TWO, confirm_selection="0" * 32),
        c.DeleteRecords(FIRST_TWO, confirm_affected=2, confirm_selection="0" * 32),
    ):
        rejection = campaign.reject(command)
        expected = {"affected": 2, "selection": answer.details["selection"]}
        assert rejection == Rejection("count-changed", expected)


def test_of_nothing_needs_no_confirmation_and_changes_nothing() -> None:
    campaign = ready()

    assert campaign.accept(c.DeleteRecords([Filter(status=["Fail"])])) == []
    assert campaign.answer is not None and campaign.answer.message == "No record was deleted: none matches."


def test_waits_for_calls_that_are_up() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.stop()

    rejection = campaign.reject(c.DeleteRecords(ALL, confirm_affected=3))

    assert rejection == Rejection("calls-in-progress", {"in_progress": 1})


def test_the_campaign_is_ready_when_no_record_is_left() -> None:
    campaign = stopped()

    (event,) = campaign.accept(c.DeleteRecords(ALL, confirm_affected=3))

    assert isinstance(event, e.RecordsDeleted) and event.is_empty
    assert campaign.position is Position.READY


def test_the_position_stays_when_records_are_left() -> None:
    campaign = completed()

    campaign.accept(c.DeleteRecords(FIRST_TWO, confirm_affected=2))

    assert campaign.position is Position.COMPLETED


def test_deleted_records_are_never_matched_dialled_or_counted_again() -> None:
    campaign = ready()
    campaign.accept(c.DeleteRecords(FIRST_TWO, confirm_affected=2))
    campaign.start()

    refused = campaign.reject(campaign.claim_of(1)).details["refused"]

    assert refused == [{"record": 1, "reason": "deleted"}]
    assert campaign.preview(c.DeleteRecords(ALL)).affected == 1


def test_their_personal_data_is_to_be_erased() -> None:
    campaign = ready()

    campaign.accept(c.DeleteRecords(FIRST_TWO, confirm_affected=2), "delete-1")

    erasure = campaign.state.erasures["delete-1"]
    assert (set(erasure.records), erasure.due_us, erasure.confirmed) == ({1, 2}, 0, frozenset())


def test_with_a_grace_time_says_until_when_it_can_be_undone() -> None:
    campaign = ready()

    (event,) = campaign.accept(c.DeleteRecords(ALL, confirm_affected=3), "delete-1", delete_grace_s=60)

    assert isinstance(event, e.RecordsDeleted)
    assert event.recoverable_until_us == campaign.now_us + 60 * SECOND_US
    assert campaign.state.erasures["delete-1"].due_us == event.recoverable_until_us
    assert campaign.answer is not None
    assert campaign.answer.message == (
        "3 records deleted; recoverable until 2025-11-25 12:01:00 UTC. No record is left: the campaign is ready."
    )


def test_while_an_upload_is_open_deletes_only_what_is_visible() -> None:
    campaign = ready()
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 2))

    campaign.accept(c.DeleteRecords(ALL, confirm_affected=3))
    campaign.accept(c.CommitUpload("u2", 1, 2))

    assert campaign.state.book.tally.present == 2
    assert campaign.preview(c.DeleteRecords(ALL)).affected == 2


def test_withdrawing_an_upload_deletes_what_is_left_of_it() -> None:
    campaign = ready()
    campaign.upload(2, "u2")
    campaign.accept(c.DeleteRecords([Filter(record_id=[4])], confirm_affected=1))

    (event,) = campaign.accept(c.WithdrawUpload("u2"), "withdraw-1")

    assert isinstance(event, e.RecordsDeleted)
    assert (event.upload_id, event.affected, event.filters) == ("u2", 1, ())
    assert set(BitMap.deserialize(event.records)) == {5}
    assert campaign.state.uploads["u2"].state == "withdrawn"
    assert campaign.accept(c.WithdrawUpload("u2")) == []


def test_withdrawing_an_open_upload_makes_it_void() -> None:
    campaign = ready()
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 2))

    (event,) = campaign.accept(c.WithdrawUpload("u2"))

    assert event == e.UploadRejected("u2", "withdrawn", "", 4, 2)
    assert campaign.state.uploads["u2"].state == "withdrawn"
    assert campaign.state.open_upload is None


def test_withdrawing_what_was_never_or_is_no_longer_there_is_refused() -> None:
    campaign = ready()
    campaign.accept(begin("u2"))
    campaign.accept(c.RejectUpload("u2", "empty-file", ""))

    assert campaign.reject(c.WithdrawUpload("u9")) == Rejection("upload-unknown", {"upload_id": "u9"})
    closed = Rejection("upload-closed", {"upload_id": "u2", "state": "rejected"})
    assert campaign.reject(c.WithdrawUpload("u2")) == closed


def test_withdrawing_waits_for_calls_that_are_up() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.stop()

    assert campaign.reject(c.WithdrawUpload("u1")) == Rejection("calls-in-progress", {"in_progress": 1})
