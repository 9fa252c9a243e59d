"""Uploads: begin, chunks in strict order, commit or nothing; numbers are reserved and never used again."""

from typing import Any

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.phones import PhoneIndex
from outdial.campaign.positions import Position
from outdial.campaign.rules import uploads
from tests.kit.campaign import ALL, NOON_US, begin, chunk, completed, ready, same


def test_records_are_visible_at_once_when_the_upload_is_committed() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))
    campaign.accept(chunk("u1", 0, 2))
    campaign.accept(chunk("u1", 1, 3, first_row=4))
    assert campaign.state.book.tally.present == 0

    (event,) = campaign.accept(c.CommitUpload("u1", 2, 5))

    assert event == e.UploadCommitted("u1", 5, 5, 0, 0)
    assert (campaign.state.book.tally.present, campaign.state.book.tally.active) == (5, 5)


def test_a_chunk_becomes_records_numbered_on_from_the_last() -> None:
    campaign = ready(records=3, agents=("anna",), skills=("hindi",))
    campaign.accept(begin("u2"))
    sent = chunk(
        "u2",
        0,
        2,
        priority=[5, 9],
        expires_us=[0, NOON_US],
        agent=["anna", ""],
        skill=["", "hindi"],
        zone=["", "Asia/Dubai"],
    )

    (event,) = campaign.accept(sent)

    assert isinstance(event, e.RecordsAdded)
    assert (event.first_record, list(event.row), list(event.block_row)) == (4, [2, 3], [])
    book = campaign.state.book
    assert book.priority[4:6].tolist() == [5, 9]
    assert book.expires_us[4:6].tolist() == [0, NOON_US]
    assert [book.agents[code] for code in book.agent[4:6]] == ["anna", ""]
    assert [book.skills[code] for code in book.skill[4:6]] == ["", "hindi"]
    assert [book.zones[code] for code in book.zone[4:6]] == ["", "Asia/Dubai"]
    assert book.pass_number[4:6].tolist() == [1, 1]


def test_empty_columns_stand_for_their_defaults() -> None:
    campaign = ready(records=1)

    assert (campaign.state.book.priority[1], campaign.state.book.expires_us[1]) == (1, 0)


def test_the_state_knows_where_each_record_s_person_stands() -> None:
    campaign = ready(records=2)
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 3), phone_hashes=[7, 7, 8])

    first, second = campaign.state.chunks

    assert (first.upload_id, first.first_record, first.block_rows, first.block_size) == ("u1", 1, range(2), 2)
    assert (second.block_id, second.block_offset, second.first_record) == ("spring/u2/0/x", 7, 3)
    assert (second.block_rows, second.block_size) == ((0, 2), 3)


def test_the_same_chunk_again_is_answered_and_not_taken_twice() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))
    campaign.accept(chunk("u1", 0, 2))

    assert campaign.accept(chunk("u1", 0, 2)) == []
    assert campaign.answer is not None and campaign.answer.details["chunks"] == 1
    campaign.accept(c.CommitUpload("u1", 1, 2))
    assert campaign.accept(chunk("u1", 0, 2)) == []
    assert campaign.accept(c.CommitUpload("u1", 1, 2)) == []
    assert campaign.accept(begin("u2")) != []
    assert campaign.accept(begin("u2")) == []


def test_a_chunk_that_is_not_the_next_is_refused_with_the_next() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))

    rejection = campaign.reject(chunk("u1", 1, 2))

    assert rejection == Rejection("chunk-out-of-order", {"upload_id": "u1", "expected": 0, "read": 0})


@pytest.mark.parametrize("command", [c.CommitUpload("u1", 2, 2), c.CommitUpload("u1", 1, 3)])
def test_a_commit_that_misses_a_chunk_or_a_row_is_refused(command: c.Command) -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))
    campaign.accept(chunk("u1", 0, 2))

    rejection = campaign.reject(command)

    assert rejection == Rejection("chunk-out-of-order", {"upload_id": "u1", "expected": 1, "read": 2})


def test_one_upload_is_open_at_a_time() -> None:
    campaign = ready()
    campaign.accept(begin("u2"))

    assert campaign.reject(begin("u3")) == Rejection("upload-in-progress", {"upload_id": "u2"})
    campaign.accept(c.RejectUpload("u2", "empty-file", ""))
    campaign.accept(begin("u3"))


@pytest.mark.parametrize(
    "command",
    [
        chunk("u9", 0, 1),
        c.CommitUpload("u9", 0, 0),
        c.RejectUpload("u9", "empty-file", ""),
        c.AbandonUpload("u9", 1),
    ],
)
def test_an_upload_that_was_never_begun_is_unknown(command: c.Command) -> None:
    assert ready().reject(command) == Rejection("upload-unknown", {"upload_id": "u9"})


@pytest.mark.parametrize("command", [chunk("u1", 1, 1), begin("u1"), c.RejectUpload("u1", "empty-file", "")])
def test_a_committed_upload_is_closed(command: c.Command) -> None:
    assert ready().reject(command) == Rejection("upload-closed", {"upload_id": "u1", "state": "committed"})


def test_of_a_rejected_upload_nothing_stays_and_its_numbers_are_not_used_again() -> None:
    campaign = ready(records=2)
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 3))

    (event,) = campaign.accept(c.RejectUpload("u2", "too-many-rows", ""))

    assert event == e.UploadRejected("u2", "too-many-rows", "", 3, 3)
    assert campaign.state.book.tally.present == 2
    assert [chunk.upload_id for chunk in campaign.state.chunks] == ["u1"]
    assert not campaign.state.book.is_present(3)
    campaign.upload(1, "u3")
    assert campaign.state.uploads["u3"].first_record == 6
    assert campaign.accept(c.RejectUpload("u2", "too-many-rows", "")) == []


def test_an_upload_whose_uploader_is_gone_is_abandoned() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))
    campaign.accept(chunk("u1", 0, 2))
    last_us = campaign.now_us

    assert campaign.accept(c.AbandonUpload("u1", last_us - 1)) == []
    (event,) = campaign.accept(c.AbandonUpload("u1", last_us))

    assert event == e.UploadAbandoned("u1", 1, 2)
    assert campaign.state.open_upload is None
    assert campaign.accept(c.AbandonUpload("u1", last_us)) == []


def test_all_or_nothing_takes_nothing_when_one_row_is_invalid() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1", mode="all-or-nothing"))
    campaign.accept(chunk("u1", 0, 2, **rejected(9)))

    (event,) = campaign.accept(c.CommitUpload("u1", 1, 3))

    assert event == e.UploadRejected("u1", "rows-invalid", "", 1, 2)
    assert campaign.state.book.tally.present == 0
    assert campaign.answer is not None
    assert campaign.answer.details["state"] == "rejected"


def test_all_or_nothing_takes_all_when_every_row_is_valid() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1", mode="all-or-nothing"))
    campaign.accept(chunk("u1", 0, 2))

    assert isinstance(campaign.accept(c.CommitUpload("u1", 1, 2))[0], e.UploadCommitted)


def test_every_row_is_accounted_for() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))

    (event,) = campaign.accept(chunk("u1", 0, 3, **rejected(9, 10)), phone_hashes=[1, 2, 1])
    (committed,) = campaign.accept(c.CommitUpload("u1", 1, 5))

    assert isinstance(event, e.RecordsAdded)
    assert (event.row, event.duplicate_row, event.invalid_row) == ([2, 3], [4], [9, 10])
    assert committed == e.UploadCommitted("u1", 5, 2, 1, 2)
    assert [ref.block_id for ref in campaign.state.further_blocks] == ["spring/u1/0/r"]


def test_a_chunk_of_rejected_rows_only_adds_no_record() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))

    campaign.accept(chunk("u1", 0, 0, **rejected(2, 3)))
    campaign.accept(c.CommitUpload("u1", 1, 2))

    assert campaign.state.book.size == 1
    assert campaign.state.chunks == []


def test_duplicates_in_the_file_and_in_the_campaign_are_skipped_and_told_apart() -> None:
    campaign, index = ready(records=0), PhoneIndex()
    campaign.accept(begin("u1"))
    campaign.accept(chunk("u1", 0, 2), phone_hashes=[11, 12])
    campaign.accept(c.CommitUpload("u1", 1, 2))
    index.add_all([11, 12], 1)
    campaign.accept(begin("u2"))
    campaign.accept(chunk("u2", 0, 1), phone_hashes=[13], phone_owner=index)
    index.add(13, 3)

    (event,) = campaign.accept(chunk("u2", 1, 5), phone_hashes=[14, 12, 14, 13, 2**64 - 1], phone_owner=index)

    assert isinstance(event, e.RecordsAdded)
    assert (event.row, event.block_row) == ([2, 6], [0, 4])
    assert event.duplicate_row == [3, 4, 5]
    assert event.duplicate_code == ["duplicate-in-campaign", "duplicate-in-file", "duplicate-in-file"]


def test_a_number_of_a_deleted_record_is_no_duplicate() -> None:
    campaign = ready(records=1)
    campaign.accept(c.DeleteRecords(ALL, confirm_affected=1))
    campaign.accept(begin("u2"))

    (event,) = campaign.accept(chunk("u2", 0, 1), phone_hashes=[11], phone_owner={11: 1})

    assert isinstance(event, e.RecordsAdded) and event.row == [2]


def test_duplicates_are_taken_when_the_upload_allows_them() -> None:
    campaign = ready(records=1)
    campaign.accept(begin("u2", duplicates="allow"))

    (event,) = campaign.accept(chunk("u2", 0, 2), phone_hashes=[11, 11], phone_owner={11: 1})

    assert isinstance(event, e.RecordsAdded) and event.row == [2, 3]


def test_new_data_makes_a_completed_campaign_ready() -> None:
    campaign = completed()

    campaign.upload(1, "u2")

    assert campaign.position is Position.READY


def test_an_upload_that_brings_nothing_new_leaves_a_completed_campaign_completed() -> None:
    campaign = completed()
    campaign.accept(begin("u2"))

    campaign.accept(c.CommitUpload("u2", 0, 0))

    assert campaign.position is Position.COMPLETED


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"mode": "all"}, "#/mode"),
        ({"duplicates": "drop"}, "#/duplicates"),
        ({"columns": ["Status"], "new_columns": ["Status"]}, "#/new_columns"),
        ({"new_columns": ["Email"]}, "#/new_columns"),
    ],
)
def test_a_begin_that_cannot_be_meant_is_refused(given: dict[str, Any], pointer: str) -> None:
    assert _pointers(ready().reject(begin("u2", **given))) == [pointer]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"priority": [0, 1]}, "#/priority"),
        ({"priority": [1, 100]}, "#/priority"),
        ({"expires_us": [-1, 0]}, "#/expires_us"),
        ({"expires_us": [2**62, 0]}, "#/expires_us"),
        ({"zone": ["", "Asia/Nowhere"]}, "#/zone"),
        ({"agent": ["x" * 101, ""]}, "#/agent"),
        ({"commitment": []}, "#/commitment"),
        ({"commitment": [b"short", bytes(16)]}, "#/commitment"),
        ({"block_id": ""}, "#/block_id"),
        ({"row": [-1, 2]}, "#/row"),
    ],
)
def test_a_chunk_that_holds_odd_values_is_refused(given: dict[str, Any], pointer: str) -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))

    assert _pointers(campaign.reject(chunk("u1", 0, 2, **given))) == [pointer]


def test_a_chunk_holds_at_most_500_rows() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))

    assert _pointers(campaign.reject(chunk("u1", 0, 501))) == ["#/row"]
    campaign.accept(chunk("u1", 0, 500))


def test_a_campaign_holds_no_more_records_than_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_RECORDS", 4)
    campaign = ready(records=3)
    campaign.accept(begin("u2"))

    assert campaign.reject(chunk("u2", 0, 2)) == Rejection("too-many-records", {"limit": 4})
    campaign.accept(chunk("u2", 0, 1))


def test_the_version_counts_uploads_and_not_their_chunks() -> None:
    campaign = ready(records=0)
    versions = [campaign.state.version]
    for command in (begin("u1"), chunk("u1", 0, 1), chunk("u1", 1, 1), c.CommitUpload("u1", 2, 2)):
        campaign.accept(command)
        versions.append(campaign.state.version)

    assert versions == [1, 2, 2, 2, 3]
    assert campaign.state.sequence == 5


def test_what_is_told_of_a_chunk() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))

    campaign.accept(chunk("u1", 0, 2, **rejected(9)), phone_hashes=[1, 1])

    assert campaign.answer is not None
    assert campaign.answer.affected == 1
    assert campaign.answer.details == {
        "accepted": 1,
        "duplicate": 1,
        "invalid": 1,
        "chunks": 1,
        "first_record": 1,
        "duplicates": [(3, "duplicate-in-file")],
    }


def test_an_event_of_a_chunk_says_what_the_command_said() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u1"))
    sent = chunk("u1", 0, 1, **rejected(9))

    (event,) = campaign.accept(sent)

    expected = e.RecordsAdded(
        upload_id="u1",
        chunk=0,
        block_id="spring/u1/0/x",
        block_offset=7,
        first_record=1,
        row=[2],
        commitment=[bytes(16)],
        invalid_block_id="spring/u1/0/r",
        invalid_block_offset=8,
        invalid_row=[9],
        invalid_code=["phone-missing"],
        invalid_column=["PhoneNumber"],
    )
    assert same(event, expected)


def rejected(*rows: int) -> dict[str, Any]:
    """The columns of a chunk's rejected rows."""
    return {
        "invalid_block_id": "spring/u1/0/r",
        "invalid_block_offset": 8,
        "invalid_row": list(rows),
        "invalid_code": ["phone-missing"] * len(rows),
        "invalid_column": ["PhoneNumber"] * len(rows),
    }


def _pointers(rejection: Rejection) -> list[str]:
    assert rejection.code == "request-invalid"
    errors = rejection.details["errors"]
    assert isinstance(errors, list)
    return [error["pointer"] for error in errors]
