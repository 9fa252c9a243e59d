"""Folds a batch of one partition's events into the views, rows and cursor in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from psycopg import AsyncConnection

from outdial.campaign import events as e
from outdial.campaign.evolve import ADMINISTRATIVE
from outdial.campaign.wire import from_fields
from outdial.eventlog.ports import IntegrityError, LogRecord
from outdial.messages.codec import Codec
from outdial.messages.envelope import Envelope
from outdial.views import cursor, fold_attempts, fold_campaigns, fold_records
from outdial.views.database import CHANNEL, Row
from outdial.views.facts import Blocks, Fact

TOPIC: Final = "outdial.events"
POSITION_AFTER: Final = {
    e.CampaignStarted: "Running",
    e.CampaignStopped: "Stopped",
    e.CampaignCompleted: "Completed",
    e.CampaignReset: "Ready",
    e.CampaignForceCompleted: "Completed",
}
_UNDOABLE: Final = {e.CampaignReset: "ResetCampaign", e.CampaignForceCompleted: "ForceComplete"}
Db = AsyncConnection[Row]


class PersonMissing(Exception):
    """Personal data that an event refers to is not in the log, and no delete says why."""


class Folding:
    """The fold of one process; its connection is used by one batch at a time."""

    def __init__(self, db: Db, codec: Codec, blocks: Blocks) -> None:
        self._db, self._codec, self._blocks = db, codec, blocks

    async def apply(self, partition: int, records: Sequence[LogRecord]) -> int:
        """Take one batch in; returns the number of events that were new.

        Raises IntegrityError at a gap, CursorMoved when another process was faster.
        """
        facts = [await self._read(record) for record in records]
        async with self._db.transaction():
            before = await cursor.lock(self._db, TOPIC, partition)
            new = [fact for fact in facts if fact.offset >= before]
            if new:
                await self._fold(new)
                await cursor.move(self._db, TOPIC, partition, before, new[-1].offset + 1)
        return len(new)

    async def _read(self, record: LogRecord) -> Fact:
        envelope = Envelope.of(record.headers)
        name, found = self._codec.decode(record.value or b"")
        event: Any = from_fields(name.removeprefix("outdial."), found)
        block = None
        if isinstance(event, e.RecordsAdded) and event.row:
            block = await self._blocks.read(event.block_id, event.block_offset, record.partition)
        return Fact(
            envelope.subject,
            envelope.sequence,
            record.partition,
            record.offset,
            envelope.time_us,
            envelope.actor,
            envelope.causation_id,
            event,
            block,
        )

    async def _fold(self, facts: Sequence[Fact]) -> None:
        sequences = await self._sequences({fact.campaign for fact in facts})
        versions: dict[str, int] = {}
        for fact in facts:
            expected = sequences.get(fact.campaign, 0) + 1
            if fact.sequence != expected:
                raise IntegrityError(
                    f"events/{fact.partition}@{fact.offset}: {fact.campaign} has {fact.sequence}, {expected} follows"
                )
            sequences[fact.campaign] = fact.sequence
            await self._one(fact)
            administrative = type(fact.event) in ADMINISTRATIVE
            versions[fact.campaign] = versions.get(fact.campaign, 0) + administrative
        last = {fact.campaign: fact for fact in facts}
        for campaign, fact in last.items():
            await self._db.execute(
                "UPDATE campaigns SET sequence = %s, version = version + %s, updated_us = %s WHERE campaign = %s",
                [fact.sequence, versions[campaign], fact.at_us, campaign],
            )
            await self._db.execute("SELECT pg_notify(%s, %s)", [CHANNEL, campaign])
        await self._write_history(facts)

    async def _sequences(self, campaigns: set[str]) -> dict[str, int]:
        found = await self._db.execute(
            "SELECT campaign, sequence FROM campaigns WHERE campaign = ANY(%s)", [sorted(campaigns)]
        )
        return {row["campaign"]: row["sequence"] for row in await found.fetchall()}

    async def _one(self, fact: Fact) -> None:
        db, event, campaign, at_us = self._db, fact.event, fact.campaign, fact.at_us
        match event:
            case e.AttemptsClaimed():
                await fold_attempts.claimed(db, campaign, event, at_us)
            case e.AttemptsEnded() | e.AttemptsCorrected():
                await fold_attempts.ended(db, campaign, event, at_us)
            case e.AttemptsWithdrawn():
                await fold_attempts.withdrawn(db, campaign, event)
            case e.DispositionRecorded():
                await fold_attempts.disposition_recorded(db, campaign, event, at_us)
            case e.RecordsExcluded():
                await fold_records.excluded(db, campaign, event, at_us)
            case e.RecordsAdded():
                await self._records_added(fact, event)
            case _:
                await self._administrative(fact)

    async def _records_added(self, fact: Fact, event: e.RecordsAdded) -> None:
        found = await self._db.execute(
            "SELECT begun_us FROM uploads WHERE campaign = %s AND upload_id = %s",
            [fact.campaign, event.upload_id],
        )
        upload = await found.fetchone()
        begun_us = upload["begun_us"] if upload else fact.at_us
        await fold_records.added(self._db, fact.campaign, event, fact.block, begun_us)
        if event.invalid_row:
            await fold_records.rejected(self._db, fact.campaign, event)
        await fold_campaigns.chunk_counted(self._db, fact, event)

    async def _administrative(self, fact: Fact) -> None:
        db, event, campaign, at_us = self._db, fact.event, fact.campaign, fact.at_us
        match event:
            case e.CampaignCreated():
                await fold_campaigns.created(db, fact, event)
            case e.SettingsChanged():
                await fold_campaigns.settings_changed(db, fact, event)
            case e.CampaignReset():
                await fold_records.reset(db, campaign, event, at_us)
            case e.CampaignForceCompleted():
                await fold_records.force_completed(db, campaign, event, at_us)
            case e.RecordsDeleted():
                await fold_records.deleted(db, campaign, event, at_us)
                if event.is_empty:
                    await fold_campaigns.positioned(db, campaign, "Ready")
            case e.CommandUndone():
                await fold_records.undone(db, campaign, event, at_us)
                await fold_campaigns.positioned(db, campaign, event.position)
            case _:
                await self._upload(fact)
        if position := POSITION_AFTER.get(type(event)):
            await fold_campaigns.positioned(db, campaign, position)
        if type(event) in ADMINISTRATIVE:
            await fold_campaigns.slot(db, campaign, undo_of(fact), notice_of(fact))

    async def _upload(self, fact: Fact) -> None:
        match fact.event:
            case e.UploadBegun() as event:
                await fold_campaigns.upload_begun(self._db, fact, event)
            case e.UploadCommitted() as event:
                await fold_campaigns.upload_committed(self._db, fact, event)
                await self._declare_columns(fact.campaign, event.upload_id)
            case e.UploadRejected() | e.UploadAbandoned() as event:
                await fold_campaigns.upload_void(self._db, fact, event)
            case _:
                pass  # positions are set by their table; the rest shows in the history only

    async def _declare_columns(self, campaign: str, upload_id: str) -> None:
        found = await self._db.execute(
            "SELECT c.settings -> 'columns' AS declared, u.columns FROM campaigns AS c JOIN uploads AS u"
            " USING (campaign) WHERE campaign = %s AND u.upload_id = %s",
            [campaign, upload_id],
        )
        row = await found.fetchone()
        if row and set(row["columns"]) - set(row["declared"]):
            declared = list(dict.fromkeys([*row["declared"], *row["columns"]]))
            await fold_campaigns.columns_declared(self._db, campaign, declared)

    async def _write_history(self, facts: Sequence[Fact]) -> None:
        rows = [
            (
                f.campaign,
                f.sequence,
                f.partition,
                f.offset,
                type(f.event).__name__,
                f.actor,
                f.command_id,
                f.at_us,
                summary(f.event),
            )
            for f in facts
        ]
        await self._db.execute(
            """
            INSERT INTO history
            SELECT * FROM unnest(%s::text[], %s::bigint[], %s::int[], %s::bigint[], %s::text[], %s::text[],
                                 %s::text[], %s::bigint[], %s::jsonb[])
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


def undo_of(fact: Fact) -> dict[str, Any] | None:
    """What an administrative event lets be undone."""
    event = fact.event
    if isinstance(event, e.RecordsDeleted) and event.recoverable_until_us:
        until = event.recoverable_until_us
        return {"command_id": event.command_id, "command_type": "DeleteRecords", "until_us": until}
    kind = _UNDOABLE.get(type(event))
    if kind is None or not isinstance(event, e.CampaignReset | e.CampaignForceCompleted):
        return None
    return {"command_id": event.command_id, "command_type": kind, "until_us": 0}


def notice_of(fact: Fact) -> dict[str, Any] | None:
    """The success notice of an administrative event, as numbers; the edge makes the text."""
    match fact.event:
        case e.CampaignReset(affected=affected, not_dialable=others):
            return {
                "command": "reset",
                "affected": affected,
                "not_dialable": dict(others),
                "at_us": fact.at_us,
            }
        case e.CampaignForceCompleted(affected=affected, never_dialled=never, waiting=waiting):
            told = {"affected": affected, "never_dialled": never, "waiting": waiting}
            return {"command": "force-complete", **told, "at_us": fact.at_us}
        case e.RecordsDeleted(affected=affected):
            return {"command": "delete-records", "affected": affected, "at_us": fact.at_us}
        case e.UploadCommitted(accepted=accepted, duplicate=duplicate, invalid=invalid):
            told = {"accepted": accepted, "duplicate": duplicate, "invalid": invalid}
            return {"command": "add-data", **told, "at_us": fact.at_us}
        case e.CommandUndone(restored=restored, changed_since=changed):
            return {"command": "undo", "restored": restored, "changed_since": changed, "at_us": fact.at_us}
        case _:
            return None


def summary(event: e.Event) -> str:
    """An event as the history shows it: columns as their length, record sets as their size."""
    told: dict[str, Any] = {}
    for one in fields(event):
        value = getattr(event, one.name)
        if isinstance(value, bytes):
            told[one.name] = f"{len(value)} bytes"
        elif one.name in ("record", "row", "duplicate_row", "invalid_row") and not isinstance(value, int):
            told[f"{one.name}s"] = len(value)
        elif isinstance(value, str | int | bool):
            told[one.name] = value
    if isinstance(event, e.CampaignCreated | e.SettingsChanged):
        told["settings"] = json.loads(fold_campaigns.settings_json(event.settings))
    return json.dumps(told, ensure_ascii=False)
