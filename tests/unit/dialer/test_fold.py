"""The dialer's fold: exactly the history, or an alarm."""

import pytest

from outdial.campaign.commands import EndAttempts, WithdrawAttempts
from outdial.campaign.events import CampaignStarted, UploadCommitted
from outdial.campaign.snapshot import fingerprint
from outdial.eventlog.ports import IntegrityError
from services.dialer.fold import Fold
from tests.kit.campaign import CODEC, Campaign, running
from tests.kit.dialer_twin import record_of


def folded(campaign: Campaign) -> Fold:
    fold = Fold(CODEC)
    for place, (event, at_us) in enumerate(campaign.history, 1):
        fold.take(record_of(event, "spring", (place, place * 2), at_us))
    return fold


def test_the_fold_is_the_writers_state() -> None:
    campaign = running(5)
    campaign.dial("Busy", 1, 2)
    campaign.dial("Answered", 3)

    state = folded(campaign).get("spring")

    assert state is not None
    assert fingerprint(state) == fingerprint(campaign.state)


@pytest.mark.parametrize("step", [0, 2])
def test_a_gap_or_a_repetition_is_an_alarm(step: int) -> None:
    campaign = running()
    fold = folded(campaign)

    with pytest.raises(IntegrityError, match="spring has"):
        fold.take(
            record_of(CampaignStarted(), "spring", (campaign.state.sequence + step, 99), campaign.now_us)
        )


async def test_an_event_that_cannot_follow_parks_its_campaign_and_no_other() -> None:
    campaign = running()
    fold = folded(campaign)
    bad = UploadCommitted("nobody", 1, 1, 0, 0)

    fold.take(record_of(bad, "spring", (campaign.state.sequence + 1, 99), campaign.now_us))
    fold.take(record_of(CampaignStarted(), "spring", (campaign.state.sequence + 2, 100), campaign.now_us))

    assert fold.get("spring") is None
    assert list(fold) == []
    assert fold.parked.keys() == {"spring"}
    assert fold.next_offsets == {0: 101}
    await fold.reaches("spring", 10_000, 0.1)  # nobody waits for a parked campaign


async def test_whoever_waits_for_a_sequence_is_woken_by_it_or_told_in_time() -> None:
    campaign = running()
    fold = folded(campaign)

    await fold.reaches("spring", campaign.state.sequence, 0.1)
    with pytest.raises(TimeoutError):
        await fold.reaches("spring", campaign.state.sequence + 1, 0.05)


def test_an_attempt_is_open_until_its_end_is_known_for_good() -> None:
    campaign = running(3)
    campaign.claim(1, 2, 3)
    open_now = folded(campaign)
    campaign.end("Busy", 1)
    campaign.accept(WithdrawAttempts(1, [2], [1], ["late"]))
    campaign.accept(EndAttempts(1, [3], [1], [1], ["Unknown"]))
    fold = folded(campaign)
    before, after = open_now.get("spring"), fold.get("spring")
    assert before is not None and after is not None

    assert [open_now.is_open(before, record, 1) for record in (1, 2, 3)] == [True] * 3
    assert [fold.is_open(after, record, 1) for record in (1, 2, 3)] == [False, True, True]
    assert fold.is_open(after, 1, 2)  # not folded yet, maybe
    assert fold.is_open(after, 77, 1)


def test_the_pass_of_a_withdrawn_attempt_is_remembered_when_the_record_is_claimed_again() -> None:
    campaign = running(1)
    campaign.claim(1)
    campaign.accept(WithdrawAttempts(1, [1], [1], ["late"]))
    campaign.claim(1)
    fold = folded(campaign)
    state = fold.get("spring")
    assert state is not None

    assert (fold.pass_of(state, 1, 1), fold.pass_of(state, 1, 2)) == (1, 1)
    assert fold.pass_of(state, 1, 9) == 0
