"""The read side on the views: each question borrows a connection, each answer has the form of the contract."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from outdial.campaign.filter import Filter
from outdial.campaign.settings import CampaignSettings
from outdial.files.upload.phones import phone_of
from outdial.views import queries
from outdial.views.changes import Changes
from outdial.views.database import Row
from services.api import shown, why
from services.api.connections import Connections
from services.api.ports import HistoryQuery, Json, Paging
from services.api.problems import Problem

FIRST_FAULTS: Final = 100
LOOK_EVERY_S: Final = 0.25
Db = queries.Db


class ViewReading:
    """What the routes ask. `stopped_allows` is the deployment's setting of the position table."""

    def __init__(self, dsn: str, stopped_allows: frozenset[str]) -> None:
        self._connections, self._changes = Connections(dsn), Changes(dsn)
        self._stopped_allows = stopped_allows
        self._counts: dict[str, tuple[int, Row]] = {}

    async def start(self) -> None:
        """Begin to listen for changes."""
        self._changes.start()

    async def stop(self) -> None:
        """End listening, close the connections."""
        await self._changes.stop()
        await self._connections.close()

    async def ping(self) -> None:
        """Whether the views answer. Problem `database-unavailable`."""
        async with self._connections.lent() as db:
            await queries.campaigns(db, "", 1)

    async def reached(self, log_position: str, timeout_s: float) -> bool:
        """Wait until the views show every stream's sequence of a position. Problem when it is none."""
        wanted = dict(map(_stream_and_sequence, log_position.split(",")))
        try:
            async with asyncio.timeout(timeout_s):
                return await self._wait_for(wanted)
        except TimeoutError:
            return False

    async def _wait_for(self, wanted: dict[str, int]) -> bool:
        changes = self._changes.watch(LOOK_EVERY_S)
        try:
            while True:
                async with self._connections.lent() as db:
                    behind = [one for one, at in wanted.items() if await queries.sequence(db, one) < at]
                if not behind:
                    return True
                await anext(changes)
        finally:
            await changes.aclose()

    async def campaign(self, campaign: str) -> Json:
        """One campaign. Problem `campaign-unknown`."""
        async with self._connections.lent() as db:
            return await self._campaign(db, await _known(db, campaign))

    async def settings(self, campaign: str) -> CampaignSettings:
        """Its settings. Problem `campaign-unknown`."""
        async with self._connections.lent() as db:
            return shown.settings_of(await _known(db, campaign))

    async def campaigns(self, paging: Paging) -> Json:
        """Campaigns in the order of their ids."""
        async with self._connections.lent() as db:
            rows = await queries.campaigns(db, paging.cursor or "", paging.limit)
            items = [await self._campaign(db, row) for row in rows]
        return _page(items, paging.limit, rows[-1]["campaign"] if rows else "")

    async def _campaign(self, db: Db, row: Row) -> Json:
        upload = await queries.open_upload(db, row["campaign"])
        return shown.campaign(row, await self._counted(db, row), upload, self._stopped_allows)

    async def _counted(self, db: Db, row: Row) -> Row:
        """Counts are taken once per state of the campaign, however many look at it."""
        campaign, sequence = row["campaign"], row["sequence"]
        known = self._counts.get(campaign)
        if known is None or known[0] != sequence:
            known = self._counts[campaign] = (sequence, await queries.counts(db, campaign))
        return known[1]

    async def record_ids(self, campaign: str, phones: Sequence[str | None]) -> Sequence[int]:
        """The records with one of the numbers, written as the campaign's region writes them."""
        async with self._connections.lent() as db:
            region = (await _known(db, campaign))["settings"]["region"]
            found = {phone and phone_of(phone, region) for phone in phones}
            return await queries.record_ids(db, campaign, [one.e164 for one in found if one])

    async def records(self, campaign: str, filters: Sequence[Filter], paging: Paging) -> Json:
        """The matching records, a page."""
        after = _number(paging.cursor)
        async with self._connections.lent() as db:
            chosen = await _chosen(db, campaign, filters)
            rows = await queries.records(db, campaign, chosen, after, paging.limit)
            total = await queries.count(db, campaign, chosen)
        last = str(rows[-1]["record"]) if rows else ""
        return {**_page(list(map(shown.record, rows)), paging.limit, last), "total": total}

    async def facets(self, campaign: str, filters: Sequence[Filter]) -> Json:
        """Counts per value of each field."""
        async with self._connections.lent() as db:
            chosen = await _chosen(db, campaign, filters)
            found = await queries.facets(db, campaign, chosen)
        return {"total": sum(found["status"].values()), **found}

    async def record(self, campaign: str, record: int) -> Json:
        """One record with its attempts and what happened to it."""
        async with self._connections.lent() as db:
            row = await _known_record(db, campaign, record)
            attempts = await queries.attempts(db, campaign, record)
        told = {"attempts_made": list(map(shown.attempt, attempts)), "history": shown.story(row, attempts)}
        return {**shown.record(row), **told}

    async def why_record(self, campaign: str, record: int) -> Json:
        """Why it is, or is not, called."""
        async with self._connections.lent() as db:
            row = await _known(db, campaign)
            found = await _known_record(db, campaign, record)
        return why.why_record(row, shown.settings_of(row), found, _now_us())

    async def why(self, campaign: str) -> Json:
        """Why its records are, or are not, called."""
        async with self._connections.lent() as db:
            row = await _known(db, campaign)
            counts = await self._counted(db, row)
        return why.why_campaign(row, shown.settings_of(row), counts, _now_us())

    async def uploads(self, campaign: str, paging: Paging) -> Json:
        """Its uploads, newest first."""
        start = _number(paging.cursor)
        async with self._connections.lent() as db:
            await _known(db, campaign)
            rows = (await queries.uploads(db, campaign))[start : start + paging.limit]
        return _page([shown.upload_receipt(row, ()) for row in rows], paging.limit, str(start + len(rows)))

    async def upload(self, campaign: str, upload_id: str) -> Json | None:
        """One upload with its first row errors."""
        async with self._connections.lent() as db:
            row = await queries.upload(db, campaign, upload_id)
            if row is None:
                return None
            faults = await queries.rejected_rows(db, campaign, upload_id, FIRST_FAULTS)
        return shown.upload_receipt(row, faults)

    async def rejected_rows(self, campaign: str, upload_id: str, limit: int) -> tuple[int, list[Row]]:
        """The campaign's partition, and where the log holds the rows that became no record."""
        async with self._connections.lent() as db:
            partition = int((await _known(db, campaign))["partition"])
            return partition, await queries.rejected_rows(db, campaign, upload_id, limit)

    async def last_delete(self, campaign: str) -> int:
        """The sequence of its last delete, 0 when there was none."""
        async with self._connections.lent() as db:
            return await queries.last_delete(db, campaign)

    async def history(self, campaign: str, query: HistoryQuery) -> Json:
        """Its events, a page."""
        async with self._connections.lent() as db:
            await _known(db, campaign)
            rows = await queries.history(db, campaign, _events(query), query.after, query.limit)
        last = str(rows[-1]["sequence"]) if rows else ""
        return _page(list(map(shown.event, rows)), query.limit, last)

    async def command(self, command_id: str, campaign: str | None) -> Json | None:
        """The answer of a command."""
        async with self._connections.lent() as db:
            found = await queries.command_result(db, command_id, campaign)
        return None if found is None else shown.command(found)

    async def changes(self) -> AsyncIterator[str]:
        """Campaigns whose views change, from now on; an empty text when a second had no news."""
        async for campaign in self._changes.watch(1.0):
            yield campaign


async def _known(db: Db, campaign: str) -> Row:
    row = await queries.campaign(db, campaign)
    if row is None:
        raise Problem("campaign-unknown", campaign=campaign)
    return row


async def _known_record(db: Db, campaign: str, record: int) -> Row:
    row = await queries.record(db, campaign, record)
    if row is None:
        await _known(db, campaign)
        raise Problem("record-unknown", record_id=str(record))
    return row


async def _chosen(db: Db, campaign: str, filters: Sequence[Filter]) -> tuple[str, list[Any]]:
    zone = (await _known(db, campaign))["settings"]["time_zone"]
    return queries.chosen(filters, zone)


def _events(query: HistoryQuery) -> tuple[str, list[Any]]:
    """The condition of a history query on the view's columns."""
    said = [
        ("type = ANY(%s::text[])", [one.removeprefix("outdial.") for one in query.types] or None),
        ("actor = %s", query.actor),
        ("time_us >= %s", query.from_us),
        ("time_us < %s", query.to_us),
    ]
    used = [(text, value) for text, value in said if value is not None]
    return " AND ".join(text for text, _ in used) or "true", [value for _, value in used]


def _page(items: Sequence[Any], limit: int, last: str) -> dict[str, Any]:
    return {"items": items, "next_cursor": last if len(items) == limit else None}


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18):
        raise _wrong("query/cursor", "The cursor is not one that a page gave.")
    return int(cursor)


def _stream_and_sequence(text: str) -> tuple[str, int]:
    stream, _, sequence = text.strip().rpartition("@")
    if not stream or not (sequence.isascii() and sequence.isdecimal() and len(sequence) <= 18):
        raise _wrong("header/Outdial-Min-Log-Position", "A log position is stream@sequence.")
    return stream, int(sequence)


def _wrong(pointer: str, detail: str) -> Problem:
    errors = [{"pointer": pointer, "code": "invalid", "detail": detail}]
    return Problem("request-invalid", detail, errors=errors)


def _now_us() -> int:
    return time.time_ns() // 1000
