"""What every model of the edge shares: unknown fields are refused in requests; common types."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

CampaignId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]
ShortText = Annotated[str, StringConstraints(max_length=200)]


_HALF = re.compile("[\ud800-\udfff]")
_LAST_US = 253_402_300_799_000_000  # the end of the year 9999; what lies behind it is told as that


class RequestForm(BaseModel):
    """A request's body: what it does not know it refuses, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def whole_characters(cls, body: object) -> object:
        """JSON can hold half of a character, which no store and no answer can."""
        if _has_half(body):
            raise ValueError("a text holds half of a character (a lone surrogate); send it whole")
        return body


class AnswerForm(BaseModel):
    """An answer's body. Clients ignore fields that they do not know."""

    model_config = ConfigDict(extra="allow", frozen=True)


def _has_half(value: object) -> bool:
    if isinstance(value, str):
        return not value.isascii() and bool(_HALF.search(value))
    if isinstance(value, Mapping):
        return any(_has_half(name) or _has_half(one) for name, one in value.items())
    return isinstance(value, list) and any(map(_has_half, value))


def rfc3339(at_us: int | None) -> str | None:
    """Microseconds UTC as RFC 3339; 0 and None are `no time`."""
    if not at_us:
        return None
    return (
        datetime.fromtimestamp(min(at_us, _LAST_US) / 1e6, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
