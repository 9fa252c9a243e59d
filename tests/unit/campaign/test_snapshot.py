"""Snapshots: the same state by way of bytes, equal bytes for equal states, and damage is noticed."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap, BitMap64

from outdial.campaign import commands as c
from outdial.campaign.book import COLUMNS, RecordBook
from outdial.campaign.filter import Filter
from outdial.campaign.names import Names
from outdial.campaign.snapshot import SnapshotInvalid, fingerprint, from_bytes, to_bytes
from outdial.campaign.state import CampaignState, UndoSlot, initial
from tests.kit.campaign import NOON_US, Campaign, begin, chunk, ready


def played() -> Campaign:
    """A campaign with something in every part of its state."""
    campaign = ready(records=8, agents=("anna",), columns=("City",))
    campaign.start()
    campaign.dial("Answered", 1, agent="anna")
    campaign.dispose(1, "Call again", comment_block_id="spring/comment/1/x")
    campaign.dial("Unknown", 2)
    campaign.claim(3)
    campaign.accept(c.WithdrawAttempts(1, record=[3], attempt=[1]))
    campaign.wait(3600)
    campaign.dial("Busy", 1)
    campaign.claim(4)
    campaign.stop()
    campaign.accept(
        c.DeleteRecords([Filter(record_id=[5])], confirm_affected=1), "delete-1", delete_grace_s=600
    )
    campaign.accept(c.DeleteRecords([Filter(record_id=[6])], confirm_affected=1), "delete-2")
    campaign.accept(c.ConfirmErasure("delete-2", "log"))
    campaign.accept(c.ResetCampaign([Filter(record_id=[1, 7])]), "reset-1")
    campaign.accept(c.ExcludeRecords([7], ["DoNotCall"]))
    return campaign


@pytest.mark.parametrize("state", [initial("spring"), ready(records=0).state, played().state])
def test_a_state_comes_back_as_it_was(state: CampaignState) -> None:
    data = to_bytes(state)

    assert to_bytes(from_bytes(data)) == data


def test_every_part_of_a_state_comes_back() -> None:
    campaign = played()
    state, back = campaign.state, campaign.copy()

    assert state.undo is not None and back.undo is not None
    assert parts(state.undo) == parts(back.undo)
    assert parts(state.book) == parts(back.book)
    assert parts(state) == parts(back)
    assert all(getattr(state, field.name) for field in fields(state)), "a part is not played"


def parts(of: object) -> dict[str, Any]:
    """Every attribute as a value that can be compared."""
    names = [field.name for field in fields(of)] if is_dataclass(of) else list(vars(of))
    found = {name: _comparable(getattr(of, name)) for name in names}
    if isinstance(of, RecordBook):  # its columns have room for more records than it holds
        found.update({name: found[name][: of.size] for name in COLUMNS})
    return found


def _comparable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Names):
        return value.all()
    if isinstance(value, RecordBook | UndoSlot):
        return type(value)
    if isinstance(value, BitMap | BitMap64):
        return list(value)
    return {name: _comparable(one) for name, one in value.items()} if isinstance(value, dict) else value


def test_a_state_that_came_back_goes_on_like_the_other() -> None:
    campaign, other = played(), played()
    other.state = other.copy()

    for one in (campaign, other):
        one.accept(c.UndoCommand("reset-1"))
        one.accept(begin("u2"), stopped_allows=frozenset({"add-data"}))
        one.accept(chunk("u2", 0, 400))
        one.accept(c.CommitUpload("u2", 1, 400))

    assert fingerprint(campaign.state) == fingerprint(other.state)


def test_a_replay_gives_the_same_state_byte_for_byte() -> None:
    campaign = played()

    assert to_bytes(campaign.replayed()) == to_bytes(campaign.state)


def test_states_that_differ_have_other_fingerprints() -> None:
    states = [initial("spring"), initial("summer"), ready(records=1).state, ready(records=2).state]

    assert len({fingerprint(state) for state in states}) == len(states)


def test_a_snapshot_in_the_middle_of_an_upload() -> None:
    campaign = ready(records=1)
    campaign.accept(begin("u2", new_columns=["City"], columns=["City"]))
    campaign.accept(chunk("u2", 0, 3), phone_hashes=[1, 1, 2])
    campaign.state = campaign.copy()

    campaign.accept(c.CommitUpload("u2", 1, 3))

    assert fingerprint(campaign.replayed()) == fingerprint(campaign.state)
    assert campaign.state.uploads["u2"].begun_us > NOON_US


def damaged() -> list[bytes]:
    """Bytes that are no snapshot."""
    data = to_bytes(played().state)
    return [
        b"",
        b"x",
        data[:40],
        data[:-1],
        data + b"x",
        b"X" + data[1:],
        data[:18] + b"\xff" * 8 + data[26:],
    ]


@pytest.mark.parametrize("data", damaged(), ids=range(7))
def test_bytes_that_are_no_snapshot(data: bytes) -> None:
    with pytest.raises(SnapshotInvalid):
        from_bytes(data)


def test_a_record_takes_at_most_64_bytes() -> None:
    empty = len(to_bytes(ready(records=0).state))
    campaign = ready(records=0)
    campaign.upload(500)

    assert (len(to_bytes(campaign.state)) - empty) / 500 < 64 + 3
    assert sum(campaign.state.book.column(name).itemsize for name in COLUMNS) <= 64
