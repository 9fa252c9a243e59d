"""Erasure: where the deleted people stand, who must confirm that they are gone, and when it is done."""

from pyroaring import BitMap

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.erasure import BlockErasure, blocks_of, pending, referenced_blocks
from outdial.campaign.filter import Filter
from tests.kit.campaign import Campaign, begin, chunk, ready

ONE = (Filter(record_id=[1]),)


def deleted(**context: int) -> Campaign:
    """Record 1 of 3 is deleted by `delete-1`."""
    campaign = ready()
    campaign.accept(c.DeleteRecords(ONE, confirm_affected=1), "delete-1", **context)
    return campaign


def test_the_rows_of_deleted_records_are_found_in_their_blocks() -> None:
    campaign = ready(records=2)
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 3), phone_hashes=[7, 7, 8])
    campaign.accept(chunk("u2", 1, 2))
    campaign.accept(c.CommitUpload("u2", 2, 5))

    assert blocks_of(campaign.state, BitMap([2, 4, 5])) == [
        BlockErasure("spring/u1/0/x", 7, frozenset({1})),
        BlockErasure("spring/u2/0/x", 7, frozenset({2})),
        BlockErasure("spring/u2/1/x", 7, frozenset({0})),
    ]


def test_comments_go_with_their_record() -> None:
    campaign = ready()
    campaign.start()
    campaign.dial("Answered", 1)
    campaign.dispose(1, "Interested", comment_block_id="spring/comment/1/x", comment_block_offset=9)

    assert BlockErasure("spring/comment/1/x", 9, None) in blocks_of(campaign.state, BitMap([1]))
    assert all(one.rows is not None for one in blocks_of(campaign.state, BitMap([2])))


def test_it_is_done_when_every_holder_has_confirmed() -> None:
    campaign = deleted()

    assert campaign.accept(c.ConfirmErasure("delete-1", "log")) == [e.ErasureConfirmed("delete-1", "log")]
    assert campaign.accept(c.ConfirmErasure("delete-1", "view:3")) == [
        e.ErasureConfirmed("delete-1", "view:3"),
        e.RecordsErased("delete-1", 1),
    ]
    assert campaign.state.erasures == {}


def test_every_view_version_that_exists_must_confirm() -> None:
    campaign = deleted()
    holders = frozenset({"log", "view:3", "view:4"})

    for holder in ("view:3", "log"):
        assert len(campaign.accept(c.ConfirmErasure("delete-1", holder), erasure_holders=holders)) == 1
    assert len(campaign.accept(c.ConfirmErasure("delete-1", "view:4"), erasure_holders=holders)) == 2


def test_a_confirmation_is_taken_once() -> None:
    campaign = deleted()
    campaign.accept(c.ConfirmErasure("delete-1", "log"))

    assert campaign.accept(c.ConfirmErasure("delete-1", "log")) == []
    assert campaign.accept(c.ConfirmErasure("unknown", "log")) == []


def test_nothing_is_erased_within_the_grace() -> None:
    campaign = deleted(delete_grace_s=60)
    assert pending(campaign.state, campaign.now_us, "log") == []
    assert campaign.accept(c.ConfirmErasure("delete-1", "log")) == []

    campaign.wait(61)

    assert [one.erasure_id for one in pending(campaign.state, campaign.now_us, "log")] == ["delete-1"]
    campaign.accept(c.ConfirmErasure("delete-1", "log"))
    assert pending(campaign.state, campaign.now_us, "log") == []
    assert len(pending(campaign.state, campaign.now_us, "view:1")) == 1


def test_erasing_forgets_where_comments_stood() -> None:
    campaign = ready()
    campaign.start()
    campaign.dial("Answered", 1)
    campaign.dispose(1, "Interested", comment_block_id="spring/comment/1/x")
    campaign.stop()
    campaign.accept(c.DeleteRecords(ONE, confirm_affected=1), "delete-1")
    assert "spring/comment/1/x" in set(referenced_blocks(campaign.state))

    campaign.accept(c.ConfirmErasure("delete-1", "log"))
    campaign.accept(c.ConfirmErasure("delete-1", "view:1"))

    assert set(referenced_blocks(campaign.state)) == {"spring/u1/0/x"}


def test_blocks_of_a_rejected_upload_are_referred_to_no_more_but_for_its_rejected_rows() -> None:
    campaign = ready(records=1)
    campaign.accept(begin("u2"))
    campaign.accept(
        chunk("u2", 0, 1, invalid_block_id="spring/u2/0/r", invalid_row=[9], invalid_code=["phone-missing"])
    )

    campaign.accept(c.RejectUpload("u2", "rows-invalid", ""))

    assert set(referenced_blocks(campaign.state)) == {"spring/u1/0/x", "spring/u2/0/r"}


def test_erasing_is_no_administrative_change() -> None:
    campaign = deleted()
    version = campaign.state.version

    campaign.accept(c.ConfirmErasure("delete-1", "log"))
    campaign.accept(c.ConfirmErasure("delete-1", "view:1"))

    assert campaign.state.version == version


def test_rejected_rows_of_an_upload_that_was_given_up_are_needed_no_more() -> None:
    for end in (c.WithdrawUpload("u2"), c.AbandonUpload("u2", 2**62)):
        campaign = with_rejected_rows()
        assert "spring/u2/0/r" in set(referenced_blocks(campaign.state)), "they may still be asked for"

        campaign.accept(end)

        assert set(referenced_blocks(campaign.state)) == {"spring/u1/0/x"}


def test_rejected_rows_can_be_corrected_for_a_while_after_the_upload_has_ended() -> None:
    campaign = with_rejected_rows()
    assert "spring/u2/0/r" in set(referenced_blocks(campaign.state, campaign.now_us + 1)), "it has not ended"
    campaign.accept(c.CommitUpload("u2", 1, 2))
    ended_us = campaign.now_us

    assert "spring/u2/0/r" in set(referenced_blocks(campaign.state, ended_us))
    assert "spring/u2/0/r" not in set(referenced_blocks(campaign.state, ended_us + 1))
    assert "spring/u2/0/x" in set(referenced_blocks(campaign.state, ended_us + 1)), "records stay"


def test_rejected_rows_stay_while_the_withdrawal_of_their_upload_can_be_undone() -> None:
    campaign = with_rejected_rows()
    campaign.accept(c.CommitUpload("u2", 1, 2))
    campaign.accept(c.WithdrawUpload("u2"), delete_grace_s=60)

    assert "spring/u2/0/r" in set(referenced_blocks(campaign.state))


def test_a_comment_that_comes_after_its_record_is_gone_is_not_kept() -> None:
    campaign = ready()
    campaign.start()
    campaign.dial("Answered", 1)
    campaign.stop()
    campaign.accept(c.DeleteRecords(ONE, confirm_affected=1), "delete-1")
    campaign.accept(c.ConfirmErasure("delete-1", "log"))
    campaign.accept(c.ConfirmErasure("delete-1", "view:1"))

    campaign.dispose(1, "Interested", comment_block_id="spring/comment/1/x")

    assert set(referenced_blocks(campaign.state)) == {"spring/u1/0/x"}


def with_rejected_rows() -> Campaign:
    """Upload `u2` is open: a record, and a row that became none."""
    campaign = ready(records=1)
    campaign.accept(begin("u2"))
    campaign.accept(
        chunk("u2", 0, 1, invalid_block_id="spring/u2/0/r", invalid_row=[9], invalid_code=["phone-missing"])
    )
    return campaign
