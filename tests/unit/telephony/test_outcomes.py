"""The facts of an ended call give one outcome of reasons.yaml: the cause decides, then the SIP code, then ringing."""

import pytest

from outdial.messages.schemas import data
from outdial.telephony.outcomes import outcome_of
from outdial.telephony.port import EndedCall, call_id

RANG = 1_000_000


def ended(**facts: int | str) -> EndedCall:
    return EndedCall("c" * 32, "spring.1.1", **facts)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (cause, name)
        for name, entry in data("reasons")["outcomes"].items()
        for cause in entry.get("q850", ())
        if cause != 16
    ],
)
def test_every_cause_of_the_table_gives_its_outcome(cause: int, outcome: str) -> None:
    assert outcome_of(ended(cause=cause, sip_code=486, ring_us=RANG)) == outcome


@pytest.mark.parametrize(
    ("sip_code", "outcome"), [(486, "Busy"), (404, "InvalidNumber"), (503, "Congestion"), (603, "Rejected")]
)
def test_without_a_telling_cause_the_sip_code_decides(sip_code: int, outcome: str) -> None:
    assert outcome_of(ended(cause=0, sip_code=sip_code)) == outcome
    assert outcome_of(ended(cause=16, sip_code=sip_code)) == outcome


def test_a_time_out_without_ringing_is_unreachable() -> None:
    assert outcome_of(ended(cause=19, sip_code=480, ring_us=RANG)) == "NoAnswer"
    assert outcome_of(ended(cause=19, sip_code=480)) == "Unreachable"


def test_a_failure_that_nobody_knows_says_nothing_about_the_party() -> None:
    assert outcome_of(ended(cause=99, sip_code=699)) == "Congestion"
    assert outcome_of(ended(cause=99, sip_code=699, ring_us=RANG)) == "NoAnswer"


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"answered_by": "human", "connect_us": RANG}, "Answered"),
        ({"answered_by": "machine"}, "AnsweringMachine"),
        ({"answered_by": "fax"}, "Fax"),
        ({"answered_by": "human", "hung_up_by": "party"}, "CustomerHangup"),
        ({"answered_by": "human", "hung_up_by": "system"}, "Abandoned"),
    ],
)
def test_an_answered_call_is_judged_by_who_answered_and_who_hung_up(
    facts: dict[str, int | str], outcome: str
) -> None:
    assert outcome_of(ended(cause=16, sip_code=200, ring_us=RANG, answer_us=RANG, **facts)) == outcome


def test_call_ids_have_one_length_and_belong_to_their_attempt() -> None:
    ids = [call_id(f"spring.{record}.1") for record in range(1, 200)]

    assert {len(one) for one in ids} == {32}
    assert len(set(ids)) == len(ids)
    # Frozen: a restarted dialer must find the calls that an older release placed.
    assert call_id("spring.17.1") == "2ed08fa806785639a4ca44c368d560e7"
