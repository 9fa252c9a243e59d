"""Live updates: what changed in the views becomes server-sent events, one snapshot first."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from services.api.ports import Json, Paging, Reading
from services.api.problems import Problem

HEARTBEAT_S: Final = 15.0
SNAPSHOT_LIMIT: Final = 1_000
HEARTBEAT: Final = b": still here\n\n"


def message(event: str, data: Any, at: str = "") -> bytes:
    """One server-sent event; `at` is the log position that a reconnecting client names again."""
    said = f"id: {at}\n" if at else ""
    return f"{said}event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Watch:
    """One watcher of one campaign, or of all without `campaign`."""

    def __init__(self, reading: Reading, campaign: str | None) -> None:
        self._reading, self._campaign = reading, campaign
        self._seen: dict[str, Json] = {}

    async def first(self, last_event_id: str) -> bytes:
        """The snapshot; a heartbeat when the client saw this moment already. Problem `campaign-unknown`."""
        if self._campaign is not None:
            found = await self._reading.campaign(self._campaign)
            self._seen[self._campaign] = found
            snapshot: Json = {"campaign": found}
        else:
            page = await self._reading.campaigns(Paging(SNAPSHOT_LIMIT))
            self._seen = {one["campaign_id"]: one for one in page["items"]}
            snapshot = {"campaigns": page["items"], "next_cursor": page["next_cursor"]}
        if last_event_id and last_event_id == self.position:
            return HEARTBEAT
        return message("snapshot", snapshot, self.position)

    async def messages(self, first: bytes) -> AsyncIterator[bytes]:
        """Everything to send, for ever: `first`, then the news of every change, heartbeats in between."""
        yield first
        sent_s = time.monotonic()
        async for campaign in self._reading.changes():
            news = await self._news(campaign) if campaign and self._campaign in {None, campaign} else b""
            if not news and time.monotonic() - sent_s < HEARTBEAT_S:
                continue
            yield news or HEARTBEAT
            sent_s = time.monotonic()

    @property
    def position(self) -> str:
        """The log position of what was sent: one campaign's, or an opaque vector of all."""
        return ",".join(sorted(str(seen["log_position"]) for seen in self._seen.values()))

    async def _news(self, campaign: str) -> bytes:
        try:
            now = await self._reading.campaign(campaign)
        except Problem:  # deleted views or a database on its way back: the next change tells
            return b""
        before = self._seen.get(campaign)
        self._seen[campaign] = now
        at = self.position
        return b"".join(message(event, data, at) for event, data in news(before, now))


def news(before: Json | None, now: Json) -> Iterator[tuple[str, Json]]:
    """What is new between two looks at a campaign: events by name with their data."""
    campaign = now["campaign_id"]
    if before is None:
        yield "snapshot", {"campaign": now}
        return
    if before["counts"] != now["counts"]:  # first: whoever waits for a position has the counts by then
        yield "counts", {"campaign": campaign, "counts": now["counts"]}
    if any(before[name] != now[name] for name in ("position", "version", "allowed", "undo")):
        told = ("position", "version", "allowed", "undo", "log_position")
        yield "position", {"campaign": campaign, **{name: now[name] for name in told}}
    if before["upload"] != now["upload"]:
        yield "progress", {"campaign": campaign, "upload": now["upload"]}
    if now["notice"] and before["notice"] != now["notice"]:
        yield "notice", {"campaign": campaign, **now["notice"]}
