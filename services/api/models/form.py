"""What every model of the edge shares: unknown fields are refused in requests; common types."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

CampaignId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]
ShortText = Annotated[str, StringConstraints(max_length=200)]


_LAST_US = 253_402_300_799_000_000  # the end of the year 9999; what lies behind it is told as that


class RequestForm(BaseModel):
    """A request's body: what it does not know it refuses, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerForm(BaseModel):
    """An answer's body. Clients ignore fields that they do not know."""

    model_config = ConfigDict(extra="allow", frozen=True)


def rfc3339(at_us: int | None) -> str | None:
    """Microseconds UTC as RFC 3339; 0 and None are `no time`."""
    if not at_us:
        return None
    return (
        datetime.fromtimestamp(min(at_us, _LAST_US) / 1e6, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
