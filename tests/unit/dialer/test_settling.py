"""Attempts whose end nobody told: adopted, reported, given back or unknown, and never dialled again silently."""

import pytest

from outdial.campaign.commands import EndAttempts, WithdrawAttempts
from outdial.telephony.port import Ended, EndedCall, Live, NeverSeen, call_id
from tests.kit.campaign import Campaign, running
from tests.kit.dialer_twin import EPOCH, Twin


def left_behind(*records: int) -> Twin:
    """A former dialer claimed these records and was gone; this one has taken over."""
    campaign: Campaign = running(5)
    campaign.claim(*records, epoch=EPOCH)
    return Twin(campaign)


async def test_what_the_network_never_saw_is_voided_and_given_back() -> None:
    twin = left_behind(1, 2)

    await twin.settle()

    assert twin.network.looked_up == [(call_id("spring.1.1"), True), (call_id("spring.2.1"), True)]
    assert twin.names() == ["AttemptsClaimed", "AttemptsWithdrawn"]
    assert twin.campaign.state.book.tally.active == 5


async def test_what_ended_meanwhile_is_reported() -> None:
    twin = left_behind(1)
    call = EndedCall(call_id("spring.1.1"), "spring.1.1", cause=17, sip_code=486, hangup_us=twin.now_us())
    twin.network.sees("spring.1.1", Ended(call))

    await twin.settle()

    (command,) = twin.writer.sent(EndAttempts)
    assert isinstance(command, EndAttempts)
    assert (command.outcome, command.cause, command.sip_code) == (["Busy"], [17], [486])
    assert twin.campaign.state.book.tally.open == 0


async def test_a_call_that_is_up_is_adopted_and_looked_at_again_only_after_a_while() -> None:
    twin = left_behind(1)
    twin.network.sees("spring.1.1", Live())

    await twin.settle()
    twin.campaign.wait(29)
    await twin.settle()
    assert len(twin.network.looked_up) == 1
    twin.campaign.wait(2)
    await twin.settle()

    assert len(twin.network.looked_up) == 2
    assert twin.names() == ["AttemptsClaimed"]


async def test_a_network_that_cannot_void_is_believed_thirty_seconds_after_the_deadline() -> None:
    twin = left_behind(1)
    twin.network.can_void = False

    await twin.settle()
    twin.campaign.wait(30)
    await twin.settle()
    assert twin.names() == ["AttemptsClaimed"]
    twin.campaign.wait(3)
    await twin.settle()

    assert twin.names() == ["AttemptsClaimed", "AttemptsWithdrawn"]


async def test_a_network_that_is_away_is_asked_again_and_again_and_then_the_end_is_unknown() -> None:
    twin = left_behind(1)
    twin.network.reachable = False

    for _ in range(15):
        await twin.settle()
        twin.campaign.wait(60)
    assert twin.names() == ["AttemptsClaimed"]
    twin.campaign.wait(3)
    await twin.settle()

    assert len(twin.network.looked_up) == 16
    assert twin.names() == ["AttemptsClaimed", "AttemptsEnded"]
    assert twin.campaign.status(1) == ("Fail", "Unknown")


async def test_a_definite_end_after_an_unknown_one_corrects_it() -> None:
    twin = left_behind(1)
    twin.campaign.accept(twin.campaign.end_of("Unknown", 1))
    twin = Twin(twin.campaign)
    call = EndedCall(call_id("spring.1.1"), "spring.1.1", cause=17, sip_code=486)

    assert await twin.reports.take([call]) == [call]

    assert twin.names()[-1] == "AttemptsCorrected"
    assert await twin.reports.take([call]) == [call]
    assert len(twin.writer.sent(EndAttempts)) == 1


async def test_a_call_that_was_seen_placed_is_not_looked_up_before_it_takes_long() -> None:
    twin = Twin(running(2))
    await twin.claimed()

    await twin.settle()
    assert twin.network.looked_up == []
    twin.campaign.wait(31)
    twin.network.sees("spring.1.1", Live())
    twin.network.sees("spring.2.1", Live())
    await twin.settle()

    assert len(twin.network.looked_up) == 2


async def test_a_call_of_unknown_fate_is_looked_up_at_once() -> None:
    twin = Twin(running(1))
    twin.network.reachable = False
    await twin.claimed()
    twin.network.reachable = True

    await twin.settle()

    assert twin.network.looked_up == [(call_id("spring.1.1"), True)]
    assert twin.names() == ["AttemptsClaimed", "AttemptsWithdrawn"]


async def test_a_claim_under_way_is_not_touched() -> None:
    twin = Twin(running(1))
    twin.claim()
    twin.writer.append(
        twin.campaign.accept(twin.campaign.claim_of(1, epoch=EPOCH)), "the same claim, folded early"
    )

    await twin.settle()

    assert twin.network.looked_up == []
    await twin.claims.stop(5)


@pytest.mark.parametrize("epoch", [EPOCH - 1, EPOCH + 1])
async def test_a_running_campaign_of_another_dialer_is_not_touched(epoch: int) -> None:
    campaign = running(1)
    campaign.claim(1, epoch=epoch)
    twin = Twin(campaign)

    await twin.settle()

    assert twin.network.looked_up == []


async def test_what_was_settled_is_never_given_back_twice() -> None:
    twin = left_behind(1)
    twin.network.sees("spring.1.1", NeverSeen(True))

    await twin.settle()
    twin.campaign.wait(5)
    await twin.settle()

    assert len(twin.writer.sent(WithdrawAttempts)) == 1
