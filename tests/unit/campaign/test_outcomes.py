"""Outcomes: facts, taken once, in every position; they say whether the record is final, waits or is dialled again."""

from dataclasses import replace
from typing import Any

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from outdial.campaign.settings import RetryRule
from outdial.campaign.vocabulary import DEFAULT_RETRY, OUTCOMES
from tests.kit.campaign import ALL, SECOND_US, running

RETRIED = {rule.outcome: rule for rule in DEFAULT_RETRY}
FINAL = [outcome for outcome in OUTCOMES if outcome not in RETRIED and outcome != "Answered"]


@pytest.mark.parametrize("outcome", sorted(RETRIED))
def test_an_outcome_with_a_retry_rule_is_dialled_again_after_its_delay(outcome: str) -> None:
    campaign = running()

    (event,) = campaign.dial(outcome, 1)

    assert isinstance(event, e.AttemptsEnded)
    due_us = campaign.now_us + RETRIED[outcome].delay_s * SECOND_US
    assert (event.status, event.reason, event.next_attempt_us) == (["Pending"], [outcome], [due_us])
    assert campaign.status(1) == ("Pending", outcome)
    assert campaign.row(1)["due_us"] == due_us


@pytest.mark.parametrize("outcome", FINAL)
def test_an_outcome_without_a_rule_is_final(outcome: str) -> None:
    campaign = running()

    (event,) = campaign.dial(outcome, 1)

    assert isinstance(event, e.AttemptsEnded)
    assert (event.status, event.reason, event.next_attempt_us) == (["Fail"], [outcome], [0])


@pytest.mark.parametrize("outcome", sorted(RETRIED))
def test_an_outcome_is_final_after_the_attempts_of_its_rule(outcome: str) -> None:
    campaign = running()
    rule = RETRIED[outcome]
    for _ in range(rule.attempts - 1):
        campaign.dial(outcome, 1)
        assert campaign.status(1) == ("Pending", outcome)
        campaign.wait(rule.delay_s)

    campaign.dial(outcome, 1)

    assert campaign.status(1) == ("Fail", outcome)


def test_congestion_is_no_attempt_of_the_party() -> None:
    campaign = running(max_attempts=1)

    campaign.dial("Congestion", 1)

    row = campaign.row(1)
    assert (row["attempts"], row["lifetime"], row["status"]) == (0, 0, "Pending")


def test_all_attempts_of_the_pass_count_for_a_rule() -> None:
    campaign = running(retry=(RetryRule("Busy", 3, 60), RetryRule("NoAnswer", 2, 60)))
    campaign.dial("Busy", 1)
    campaign.wait(60)

    campaign.dial("NoAnswer", 1)

    assert campaign.status(1) == ("Fail", "NoAnswer")


def test_the_cap_for_life_ends_retries_in_every_pass() -> None:
    campaign = running(max_attempts=2)
    campaign.dial("Busy", 1)
    campaign.stop()
    campaign.accept(c.ResetCampaign(ALL))
    campaign.start()

    campaign.dial("Busy", 1)

    assert campaign.status(1) == ("Fail", "LifetimeCap")
    assert campaign.row(1)["lifetime"] == 2


def test_an_answered_record_waits_for_its_disposition() -> None:
    campaign = running()

    campaign.dial("Answered", 1, agent="anna")

    row = campaign.row(1)
    assert (row["status"], row["reason"], row["due_us"], row["last_agent"]) == (
        "Pending",
        "Answered",
        0,
        "anna",
    )
    assert campaign.state.book.tally.awaiting == 1
    assert campaign.state.book.tally.active == 2


def test_an_attempt_counts_when_it_has_ended() -> None:
    campaign = running()
    campaign.claim(1)
    assert (campaign.row(1)["attempts"], campaign.row(1)["last_attempt_us"]) == (0, 0)

    campaign.end("Busy", 1)

    row = campaign.row(1)
    assert (row["attempts"], row["lifetime"], row["last_attempt_us"]) == (1, 1, campaign.now_us)
    assert row["updated_us"] == campaign.now_us


def test_the_evidence_of_the_call_stands_in_the_event() -> None:
    campaign = running()
    campaign.claim(1, 2)
    evidence: dict[str, Any] = {
        "ring_us": [1, 2],
        "answer_us": [0, 3],
        "connect_us": [0, 4],
        "hangup_us": [5, 6],
        "cause": [17, 16],
        "sip_code": [486, 200],
        "agent": ["", "anna"],
    }
    command = replace(campaign.end_of("Busy", 1, 2), outcome=["Busy", "Answered"], **evidence)

    (event,) = campaign.accept(command)

    assert {name: getattr(event, name) for name in evidence} == evidence


def test_the_same_outcome_again_is_not_taken_twice() -> None:
    campaign = running()
    campaign.claim(1)
    command = campaign.end_of("Busy", 1)
    campaign.accept(command)

    assert campaign.accept(command) == []
    assert campaign.accept(replace(command, outcome=["Answered"])) == []
    assert campaign.row(1)["attempts"] == 1


def test_an_outcome_stands_once_in_a_batch() -> None:
    campaign = running()
    campaign.claim(1)

    (event,) = campaign.accept(campaign.end_of("Busy", 1, 1))

    assert isinstance(event, e.AttemptsEnded) and event.record == [1]


def test_what_was_never_claimed_is_refused() -> None:
    campaign = running()
    command = c.EndAttempts(1, record=[1, 9], attempt=[1, 1], outcome=["Busy", "Busy"])

    assert campaign.reject(command) == Rejection("attempt-unknown", {"records": [1, 9]})


def test_of_a_batch_the_known_attempts_are_taken() -> None:
    campaign = running()
    campaign.claim(1)

    (event,) = campaign.accept(c.EndAttempts(1, record=[1, 9], attempt=[1, 1], outcome=["Busy", "Busy"]))

    assert isinstance(event, e.AttemptsEnded) and event.record == [1]


@pytest.mark.parametrize("outcomes", [["Sleepy"], [], ["Busy", "Busy"]])
def test_an_outcome_that_is_none_is_refused(outcomes: list[str]) -> None:
    campaign = running()
    campaign.claim(1)

    rejection = campaign.decide(c.EndAttempts(1, record=[1], attempt=[1], outcome=outcomes[:1]))

    if outcomes == ["Busy", "Busy"]:
        assert not isinstance(rejection, Rejection)
    else:
        assert isinstance(rejection, Rejection) and rejection.code == "request-invalid"


def test_an_outcome_is_taken_in_stopped_and_completed() -> None:
    campaign = running()
    campaign.claim(1, 2)
    campaign.stop()
    campaign.end("Busy", 1)
    assert campaign.status(1) == ("Pending", "Busy")

    campaign.accept(c.ForceComplete())
    campaign.end("Busy", 2)

    assert campaign.status(2) == ("Fail", "Busy")
    assert campaign.position is Position.COMPLETED


def test_an_unknown_end_is_final_until_the_truth_is_learnt() -> None:
    campaign = running()
    campaign.dial("Unknown", 1)
    assert campaign.status(1) == ("Fail", "Unknown")

    (event,) = campaign.end("Busy", 1)

    assert isinstance(event, e.AttemptsCorrected)
    assert (event.outcome, event.status, event.pass_number) == (["Busy"], ["Pending"], [1])
    assert campaign.status(1) == ("Pending", "Busy")
    assert campaign.row(1)["attempts"] == 1
    assert campaign.end("NoAnswer", 1) == []


def test_unknown_corrects_nothing() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1]))

    assert campaign.end("Unknown", 1) == []


def test_an_end_after_a_withdrawal_counts_as_the_attempt_that_it_was() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1], cause=["late"]))

    (event,) = campaign.end("Answered", 1, agent="anna")

    assert isinstance(event, e.AttemptsCorrected)
    row = campaign.row(1)
    assert (row["attempts"], row["lifetime"], row["last_agent"]) == (1, 1, "anna")
    assert campaign.state.book.tally.awaiting == 1


def test_an_end_after_a_withdrawal_counts_towards_the_rule_of_its_outcome() -> None:
    campaign = running(retry=(RetryRule("Busy", 1, 60),))
    campaign.claim(1)
    campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1]))

    campaign.end("Busy", 1)

    assert campaign.status(1) == ("Fail", "Busy")


def test_an_unknown_end_is_not_counted_again_when_the_truth_is_learnt() -> None:
    campaign = running(retry=(RetryRule("Busy", 2, 60),))
    campaign.dial("Unknown", 1)

    campaign.end("Busy", 1)

    assert campaign.status(1) == ("Pending", "Busy")


def test_a_correction_of_an_older_attempt_leaves_the_record_to_the_newer() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1]))
    campaign.dial("InvalidNumber", 1)
    command = c.EndAttempts(1, record=[1], attempt=[1], pass_number=[1], outcome=["Busy"])

    (event,) = campaign.accept(command)

    assert isinstance(event, e.AttemptsCorrected)
    assert (event.status, event.reason) == (["Fail"], ["InvalidNumber"])
    assert campaign.status(1) == ("Fail", "InvalidNumber")
    assert campaign.row(1)["lifetime"] == 2
    assert campaign.accept(command) == []


def test_a_correction_of_an_older_pass_leaves_the_record_as_it_is() -> None:
    campaign = running()
    campaign.dial("Unknown", 1)
    campaign.stop()
    campaign.accept(c.ResetCampaign(ALL))

    (event,) = campaign.end("InvalidNumber", 1)

    assert isinstance(event, e.AttemptsCorrected) and event.pass_number == [1]
    assert campaign.status(1) == ("Pending", "")
    assert (campaign.row(1)["attempts"], campaign.row(1)["lifetime"]) == (0, 1)


def test_a_correction_never_brings_an_excluded_record_back() -> None:
    campaign = running()
    campaign.claim(1)
    campaign.accept(c.WithdrawAttempts(1, record=[1], attempt=[1]))
    campaign.accept(c.ExcludeRecords([1], ["DoNotCall"]))

    campaign.end("Busy", 1)

    assert campaign.status(1) == ("Fail", "DoNotCall")


def test_a_correction_is_taken_for_a_deleted_record_too() -> None:
    campaign = running()
    campaign.dial("Unknown", 1)
    campaign.stop()
    campaign.accept(c.DeleteRecords([Filter(record_id=[1])], confirm_affected=1))

    (event,) = campaign.end("Busy", 1)

    assert isinstance(event, e.AttemptsCorrected)
    assert (campaign.state.book.tally.present, campaign.state.book.tally.active) == (2, 2)


def test_ends_and_corrections_of_one_batch_are_two_events() -> None:
    campaign = running()
    campaign.claim(1, 2)
    campaign.end("Unknown", 2)

    ended, corrected = campaign.end("Busy", 1, 2)

    assert isinstance(ended, e.AttemptsEnded) and ended.record == [1]
    assert isinstance(corrected, e.AttemptsCorrected) and corrected.record == [2]
    assert campaign.answer is not None and campaign.answer.affected == 2


def test_a_correction_may_complete_the_campaign() -> None:
    campaign = running(records=2)
    campaign.dial("Unknown", 1)
    campaign.claim(2)
    campaign.accept(c.WithdrawAttempts(1, record=[2], attempt=[1]))

    events = campaign.end("InvalidNumber", 2)

    assert events[-1] == e.CampaignCompleted()
