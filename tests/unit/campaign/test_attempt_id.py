"""Attempt ids: `campaign.record.n`, read back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.campaign.attempt_id import AttemptId, parse_attempt_id


@given(st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True), st.integers(1, 5_000_000), st.integers(1, 10_000))
def test_an_id_is_read_back_as_it_was_written(campaign: str, record: int, attempt: int) -> None:
    one = AttemptId(campaign, record, attempt)

    assert parse_attempt_id(str(one)) == one


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spring",
        "spring.1",
        "spring.0.1",
        "spring.1.0",
        "spring.01.1",
        "Spring.1.1",
        "spring.1.1.",
        "a.b.1.1",
        "spring.1.١",
    ],
)
def test_what_is_no_attempt_id(text: str) -> None:
    with pytest.raises(ValueError, match="no attempt id"):
        parse_attempt_id(text)
