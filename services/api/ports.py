"""What the routes ask of the read side, answered in the form of the contract."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from outdial.campaign.filter import Filter
from outdial.campaign.settings import CampaignSettings

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list: at most `limit` items after `cursor` (None: from its beginning)."""

    limit: int
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which events of a campaign; instants in microseconds UTC, `to_us` excluded; `after` is a sequence."""

    types: Sequence[str] = ()
    actor: str | None = None
    from_us: int | None = None
    to_us: int | None = None
    after: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class DownloadOrder:
    """What to download and in which form."""

    campaign: str
    filters: Sequence[Filter]
    shown_filters: str
    format: str
    bom: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class DownloadFile:
    """A download that has begun: its rows are fixed. Iterate `blocks` outside the event loop."""

    file_name: str
    media_type: str
    log_position: str
    rows: int
    blocks: Iterator[bytes]


class Reading(Protocol):
    """The read side. Each question raises Problem for what is unknown, and `database-unavailable`."""

    async def reached(self, log_position: str, timeout_s: float) -> bool:
        """Wait until the views show a log position. Problem `request-invalid` when it is none."""
        ...

    async def ping(self) -> None:
        """Whether the views answer. Problem `database-unavailable`."""
        ...

    async def campaign(self, campaign: str) -> Json: ...
    async def settings(self, campaign: str) -> CampaignSettings: ...
    async def campaigns(self, paging: Paging) -> Json: ...
    async def record_ids(self, campaign: str, phones: Sequence[str | None]) -> Sequence[int]: ...
    async def records(self, campaign: str, filters: Sequence[Filter], paging: Paging) -> Json: ...
    async def facets(self, campaign: str, filters: Sequence[Filter]) -> Json: ...
    async def record(self, campaign: str, record: int) -> Json: ...
    async def why_record(self, campaign: str, record: int) -> Json: ...
    async def why(self, campaign: str) -> Json: ...
    async def uploads(self, campaign: str, paging: Paging) -> Json: ...
    async def upload(self, campaign: str, upload_id: str) -> Json | None: ...
    async def history(self, campaign: str, query: HistoryQuery) -> Json: ...
    async def command(self, command_id: str, campaign: str | None) -> Json | None: ...
    def changes(self) -> AsyncIterator[str]:
        """The ids of campaigns whose views change, from now on; an empty text when a second had no news."""
        ...
