"""Simulated calls are decided by seed, number and call id alone; speed shortens them, nothing else."""

from collections import Counter
from dataclasses import replace

import pytest

from outdial.telephony.outcomes import outcome_of
from outdial.telephony.port import Desk, DeskDisposition, Originate, call_id
from services.simulator.bootstrap import shares_of
from services.simulator.network import DEFAULT_SHARES, OUTCOMES, SECOND_US, Network, PlannedCall, plan_call

PLACED_US = 1_800_000_000_000_000
DESK = Desk(
    agents=("asha", "ben"),
    dispositions=(
        DeskDisposition("Sold", "final-success"),
        DeskDisposition("No", "final-fail"),
        DeskDisposition("Later", "callback", 86_400),
        DeskDisposition("Again", "retry", 3600),
    ),
)


def originate(record: int, attempt: int = 1) -> Originate:
    attempt_id = f"spring.{record}.{attempt}"
    phone = f"+1212555{record:04d}"
    return Originate(
        attempt_id, call_id(attempt_id), phone, "+12125550000", 30, PLACED_US + SECOND_US, "", DESK
    )


def planned(network: Network, count: int = 1000) -> list[PlannedCall]:
    return [plan_call(network, originate(record), PLACED_US) for record in range(1, count + 1)]


def test_the_same_seed_gives_the_same_calls_and_another_seed_others() -> None:
    assert planned(Network(seed=7)) == planned(Network(seed=7))
    assert [call.outcome for call in planned(Network(seed=7))] != [
        call.outcome for call in planned(Network(seed=8))
    ]


def test_outcomes_come_in_their_shares() -> None:
    counts = Counter(call.outcome for call in planned(Network(seed=3), 4000))

    for outcome, share in DEFAULT_SHARES.items():
        assert counts[outcome] / 40 == pytest.approx(share, abs=2.5)
    assert counts["Answered"] / 40 == pytest.approx(100 - sum(DEFAULT_SHARES.values()), abs=4)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_facts_of_a_call_mean_its_outcome(outcome: str) -> None:
    shares = {} if outcome == "Answered" else {outcome: 100.0}

    for call in planned(Network(shares=shares), 50):
        assert call.outcome == outcome
        assert outcome_of(call.facts) == outcome


def test_speed_changes_how_long_calls_take_and_not_what_becomes_of_them() -> None:
    slow, fast = planned(Network(speed=1)), planned(Network(speed=60))

    assert [call.outcome for call in slow] == [call.outcome for call in fast]
    for one, other in zip(slow, fast, strict=True):
        lasted, faster = one.facts.hangup_us - PLACED_US, other.facts.hangup_us - PLACED_US
        assert faster == pytest.approx(lasted / 60, abs=10)


def test_an_invalid_number_is_invalid_at_every_attempt_and_a_busy_one_is_not() -> None:
    network = Network(shares={"InvalidNumber": 30.0, "Busy": 30.0})
    pairs = [
        (plan_call(network, originate(n), 0).outcome, plan_call(network, originate(n, 2), 0).outcome)
        for n in range(1, 400)
    ]

    assert all(second == "InvalidNumber" for first, second in pairs if first == "InvalidNumber")
    assert {second for first, second in pairs if first == "Busy"} >= {"Busy", "Answered"}


def test_agents_record_results_of_the_campaign_after_the_call() -> None:
    calls = planned(Network(shares={}))

    assert {call.disposition for call in calls} == {"Sold", "No", "Later"}  # Again would be after the shift
    assert all(call.disposition_us > call.facts.hangup_us for call in calls)
    assert {call.facts.agent for call in calls} == {"asha", "ben"}
    assert all((call.callback_us > call.disposition_us) == (call.disposition == "Later") for call in calls)


def test_a_records_own_agent_takes_its_call() -> None:
    call = plan_call(Network(shares={}), replace(originate(1), agent="chen"), PLACED_US)

    assert call.facts.agent == "chen"


def test_forgetful_agents_record_nothing() -> None:
    calls = planned(Network(shares={}, forgetful=20))

    assert sum(not call.disposition for call in calls) / 10 == pytest.approx(20, abs=5)


def test_shares_are_read_from_text() -> None:
    assert shares_of("") == dict(DEFAULT_SHARES)
    assert shares_of("Busy=10, forgetful=1") == {"Busy": 10.0, "forgetful": 1.0}
