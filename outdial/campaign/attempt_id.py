"""The id of an attempt: `campaign.record.n`; n counts every claim of the record for life."""

import re
from typing import Final, NamedTuple

_FORM: Final = re.compile(r"([a-z0-9-]{1,64})\.([1-9]\d{0,8})\.([1-9]\d{0,8})", re.ASCII)


class AttemptId(NamedTuple):
    """One attempt of one record of one campaign."""

    campaign_id: str
    record: int
    attempt: int

    def __str__(self) -> str:
        return f"{self.campaign_id}.{self.record}.{self.attempt}"


def parse_attempt_id(text: str) -> AttemptId:
    """The parts of an attempt id; ValueError when it is none."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no attempt id such as spring.17.1")
    return AttemptId(match[1], int(match[2]), int(match[3]))
