"""Evolve: total for every history of ours; what cannot be applied says so and nothing else."""

from typing import Any

import pytest
from pyroaring import BitMap

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.evolve import ADMINISTRATIVE, FOLD, Unappliable, evolve
from outdial.campaign.fold.checks import Unappliable as Raised
from outdial.campaign.record_sets import to_bytes
from outdial.campaign.snapshot import fingerprint
from outdial.campaign.state import initial
from outdial.campaign.wire import EVENTS
from tests.kit.campaign import NOON_US, begin, chunk, ready, running, settings


def test_every_kind_of_event_is_folded() -> None:
    assert set(FOLD) == set(EVENTS.values())
    assert set(EVENTS.values()) >= ADMINISTRATIVE


def test_the_sequence_counts_every_event_and_the_version_administrative_ones() -> None:
    campaign = running(records=2)
    before = (campaign.state.sequence, campaign.state.version)

    campaign.dial("Busy", 1)
    assert (campaign.state.sequence, campaign.state.version) == (before[0] + 2, before[1])

    campaign.stop()
    assert (campaign.state.sequence, campaign.state.version) == (before[0] + 3, before[1] + 1)


def test_the_first_event_is_the_creation_and_no_other() -> None:
    with pytest.raises(Unappliable):
        evolve(initial("spring"), e.CampaignStarted(), NOON_US)
    with pytest.raises(Unappliable):
        evolve(ready().state, e.CampaignCreated(settings()), NOON_US)


def ended(**given: Any) -> e.AttemptsEnded:
    """The end of attempts, as another program may have written it."""
    known: dict[str, Any] = {
        "record": [1],
        "attempt": [1],
        "outcome": ["Busy"],
        "status": ["Pending"],
        "reason": ["Busy"],
    }
    return e.AttemptsEnded(dialer_epoch=1, **{**known, **given})


@pytest.mark.parametrize(
    "event",
    [
        ended(record=[0]),
        ended(record=[99]),
        ended(record=[-1]),
        ended(record=[1, 1], attempt=[1, 1], outcome=["Busy"] * 2, status=["Fail"] * 2, reason=["Busy"] * 2),
        ended(status=["Gone"]),
        ended(reason=["Sleepy"]),
        ended(next_attempt_us=[2**70]),
        ended(next_attempt_us=[1, 2]),
        e.RecordsExcluded([1], ["Bored"]),
        e.RecordsExcluded([99], ["Expired"]),
        e.CampaignReset("x", to_bytes(BitMap([99])), 1, {}),
        e.CampaignReset("x", b"not a bitmap", 1, {}),
        e.CampaignReset("x", b"", 1, {}),
        e.CommandUndone("x", "ResetCampaign", to_bytes(BitMap()), 0, 0, "Paused"),
        e.RecordsAdded("u9", 0, "b", 1, 4, row=[2]),
        e.UploadCommitted("u9", 0, 0, 0, 0),
        e.AttemptsClaimed(1, 2, "", "", "", 0, "", "", record=[1], attempt=[2**40]),
        e.AttemptsClaimed(1, 2, "", "", "", 0, "", "", record=[1], attempt=[1, 2]),
    ],
)
def test_what_no_history_of_ours_can_hold_is_unappliable(event: e.Event) -> None:
    with pytest.raises(Unappliable):
        evolve(ready().state, event, NOON_US)


def test_records_that_do_not_follow_the_last_are_unappliable() -> None:
    campaign = ready()
    campaign.accept(begin("u2"))

    with pytest.raises(Unappliable, match="does not follow"):
        evolve(campaign.state, e.RecordsAdded("u2", 0, "b", 1, 9, row=[2]), NOON_US)


def test_there_is_one_name_for_it() -> None:
    assert Raised is Unappliable


def test_a_counter_that_is_full_stays_full() -> None:
    campaign = running(records=1)
    campaign.state.book.attempts[1] = campaign.state.book.lifetime[1] = 65_535
    campaign.claim(1)
    campaign.apply([ended(reason=["Busy"], next_attempt_us=[1])])

    assert campaign.row(1)["attempts"] == campaign.row(1)["lifetime"] == 65_535


def test_deciding_changes_nothing() -> None:
    campaign = running()
    before = campaign.copy()

    for command in (
        campaign.claim_of(1, 2),
        c.ForceComplete(),
        c.ExcludeRecords([1], ["DoNotCall"]),
        c.TakeOverDialling(4),
    ):
        campaign.decide(command)

    assert fingerprint(campaign.state) == fingerprint(before)


def test_the_event_s_time_is_all_the_time_there_is() -> None:
    campaign = ready(records=0)
    campaign.accept(begin("u2"))
    state = evolve(campaign.state, e.RecordsAdded("u2", 0, "b", 1, 1, row=[2]), NOON_US + 5)

    assert state.uploads["u2"].touched_us == state.updated_us == NOON_US + 5
    assert chunk("u2", 0, 1).row == [2]
