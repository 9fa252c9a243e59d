"""Claims become calls only when they are this dialer's own, accepted, in time, and the campaign still runs."""

import asyncio

import pytest

from outdial.campaign.commands import ClaimAttempts, StopCampaign, WithdrawAttempts
from outdial.client.requests import Request
from outdial.telephony.port import ClockOffset, Placement, call_id
from services.dialer.clocks import MARGIN_US
from services.dialer.parts import Superseded
from tests.kit.campaign import SECOND_US, ready, running
from tests.kit.dialer_twin import EPOCH, Twin


def causes(twin: Twin) -> list[str]:
    commands = twin.writer.sent(WithdrawAttempts)
    return [cause for one in commands if isinstance(one, WithdrawAttempts) for cause in one.cause]


async def test_what_is_accepted_is_placed_with_id_number_and_a_deadline_on_the_networks_clock() -> None:
    twin = Twin(running(2, caller_id="+912212345678", ring_timeout_s=25))
    twin.clocks.network_said(ClockOffset(-20_000, 10_000), twin.now_us())

    await twin.claimed()

    (claim,) = twin.writer.sent(ClaimAttempts)
    assert isinstance(claim, ClaimAttempts)
    call = twin.network.asked[0]
    assert (call.attempt_id, call.call_id) == ("spring.1.1", call_id("spring.1.1"))
    assert (call.phone, call.caller_id, call.ring_timeout_s) == ("+919800000001", "+912212345678", 25)
    assert call.originate_before_us == claim.originate_before_us - 20_000 - MARGIN_US
    assert [one.name for one in call.desk.dispositions][:2] == ["Interested", "Not interested"]
    assert twin.names() == ["AttemptsClaimed"]


async def test_the_command_expires_when_the_claim_does() -> None:
    twin = Twin(running(1))

    await twin.claimed()

    assert twin.writer.requests[0].ttl_s == pytest.approx(2.0, abs=0.01)


async def test_an_answer_that_is_lost_does_not_stop_a_claim_whose_event_is_there() -> None:
    twin = Twin(running(3))
    twin.writer.lose = 1

    await twin.claimed()

    assert twin.asked_for() == ["spring.1.1", "spring.2.1", "spring.3.1"]


async def test_a_claim_of_somebody_else_is_not_placed() -> None:
    twin = Twin(running(3))

    twin.writer.append(twin.campaign.accept(twin.campaign.claim_of(1, 2, epoch=EPOCH)), "somebody-else")
    await asyncio.sleep(0)

    assert twin.asked_for() == []


async def test_a_stop_that_is_read_before_the_call_gives_the_claim_back() -> None:
    twin = Twin(running(2))

    def stop(request: Request) -> None:
        if isinstance(request.command, ClaimAttempts):
            twin.writer.append(twin.campaign.accept(StopCampaign()), "stop")

    twin.writer.before_answer = stop
    await twin.claimed()

    assert twin.asked_for() == []
    assert causes(twin) == ["stopped", "stopped"]
    assert twin.campaign.state.book.tally.open == 0
    assert twin.campaign.state.book.tally.active == 2


async def test_a_claim_that_is_read_too_late_is_given_back() -> None:
    twin = Twin(running(2))
    twin.writer.before_answer = lambda request: twin.campaign.wait(2)

    await twin.claimed()

    assert twin.asked_for() == []
    assert causes(twin) == ["late", "late"]


@pytest.mark.parametrize(
    ("answer", "cause"),
    [(Placement.LATE, "late"), (Placement.BUSY, "refused"), (Placement.VOID, "refused")],
)
async def test_a_call_that_the_network_refuses_is_given_back(answer: Placement, cause: str) -> None:
    twin = Twin(running(2))
    twin.network.answers["spring.1.1"] = answer

    await twin.claimed()

    assert twin.names() == ["AttemptsClaimed", "AttemptsWithdrawn"]
    assert causes(twin) == [cause]
    assert twin.placing.placed.keys() == {("spring", 2, 1)}
    assert (twin.placing.refused_us > 0) is (answer is Placement.BUSY)


async def test_a_call_of_unknown_fate_is_neither_repeated_nor_given_back() -> None:
    twin = Twin(running(2))
    twin.network.reachable = False

    await twin.claimed()

    assert twin.asked_for() == ["spring.1.1", "spring.2.1"]
    assert twin.names() == ["AttemptsClaimed"]
    assert twin.placing.placed == {}
    assert twin.clocks.problem(twin.now_us())  # and nothing more is claimed until the network says its time


async def test_a_clock_that_went_wrong_since_the_claim_gives_it_back() -> None:
    twin = Twin(running(1))
    twin.writer.before_answer = lambda request: twin.clocks.network_said(
        ClockOffset(SECOND_US, SECOND_US), twin.now_us()
    )

    await twin.claimed()

    assert twin.asked_for() == []
    assert causes(twin) == ["late"]


async def test_a_claim_that_is_refused_for_a_newer_dialer_ends_the_term() -> None:
    twin = Twin(running(1))
    twin.campaign.state.dialer_epoch = EPOCH + 1

    twin.claim()
    await asyncio.wait_for(twin.claims.over.wait(), 5)

    assert isinstance(twin.claims.why, Superseded)
    assert twin.asked_for() == []


async def test_a_claim_under_way_keeps_its_records_from_others_until_it_is_placed() -> None:
    twin = Twin(running(3))

    twin.claim(2)

    assert twin.claims.under_way("spring") == twin.claims.not_folded("spring") == {1, 2}
    assert twin.claims.unanswered("spring") == 1
    await twin.claims.stop(5)
    assert twin.claims.under_way("spring") == set()
    assert twin.claims.unanswered("spring") == 0


async def test_an_agentwise_call_is_for_the_records_own_agent() -> None:
    campaign = ready(0, dial_method="agentwise", agents=("asha", "ben"))
    campaign.upload(2, agent=["ben", "asha"])
    campaign.start()
    twin = Twin(campaign)

    await twin.claimed()

    assert [call.agent for call in twin.network.asked] == ["ben", "asha"]
    assert twin.network.asked[0].desk.agents == ("asha", "ben")
