"""Records that a program sends, and an agent's disposition."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from services.api.models.form import RequestForm

MAX_RECORDS = 1_000
Duplicates = Literal["skip", "allow"]
Mode = Literal["accept-valid", "all-or-nothing"]
NewColumns = Literal["refuse", "add"]
Value = str | int | float | bool | None


class RecordsRequest(RequestForm):
    """Up to 1,000 records for a campaign, answered per row; the rules are those of a file."""

    records: list[dict[str, Value]] = Field(
        min_length=1, max_length=MAX_RECORDS, description="by the names of an upload's columns"
    )
    duplicates: Duplicates = "skip"
    mode: Mode = "accept-valid"


class DispositionRequest(RequestForm):
    """What an agent made of an answered call."""

    disposition: str = Field(max_length=200)
    agent: str = Field(max_length=200)
    callback_at: AwareDatetime | None = None
    comment: str | None = Field(None, max_length=2_000)


def instant_us(at: datetime | None) -> int:
    """An instant in microseconds UTC; 0 for none."""
    return 0 if at is None else round(at.timestamp() * 1_000_000)
