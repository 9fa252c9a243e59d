"""One event of the log as the fold takes it: decoded, with what its envelope says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from outdial.campaign.events import Event
from outdial.messages.persons import PersonsBlock


class Blocks(Protocol):
    """Where personal data is read."""

    async def read(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        """The block, None when it was erased. Waits until the reader has passed `offset`; TimeoutError."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with its place in the log; `upload_columns` are those that the upload of a commit brings."""

    campaign: str
    sequence: int
    partition: int
    offset: int
    at_us: int
    actor: str
    command_id: str
    event: Event
    block: PersonsBlock | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
