"""Folds campaigns and uploads into the views: settings, position, version, and the account of every upload."""

import json
from dataclasses import asdict
from typing import Any

from psycopg import AsyncConnection

from outdial.campaign.chunk_counts import refused
from outdial.campaign.events import (
    CampaignCreated,
    RecordsAdded,
    SettingsChanged,
    UploadAbandoned,
    UploadBegun,
    UploadCommitted,
    UploadRejected,
)
from outdial.campaign.settings import CampaignSettings
from outdial.views.database import Row
from outdial.views.facts import Fact

Db = AsyncConnection[Row]


async def created(db: Db, fact: Fact, event: CampaignCreated) -> None:
    """A campaign, Ready, at sequence 0: the batch moves it on."""
    await db.execute(
        "INSERT INTO campaigns VALUES (%s, %s, %s::jsonb, 'Ready', 0, 0, %s, %s)",
        [fact.campaign, fact.partition, settings_json(event.settings), fact.at_us, fact.at_us],
    )


async def settings_changed(db: Db, fact: Fact, event: SettingsChanged) -> None:
    """All settings after the change."""
    await db.execute(
        "UPDATE campaigns SET settings = %s::jsonb WHERE campaign = %s",
        [settings_json(event.settings), fact.campaign],
    )


async def positioned(db: Db, campaign: str, position: str) -> None:
    """The campaign's position now."""
    await db.execute("UPDATE campaigns SET position = %s WHERE campaign = %s", [position, campaign])


async def slot(db: Db, campaign: str, undo: dict[str, Any] | None, notice: dict[str, Any] | None) -> None:
    """What can be undone now, and the last success notice."""
    await db.execute(
        "UPDATE campaigns SET undo = %s::jsonb, notice = coalesce(%s::jsonb, notice) WHERE campaign = %s",
        [json.dumps(undo) if undo else None, json.dumps(notice) if notice else None, campaign],
    )


async def upload_begun(db: Db, fact: Fact, event: UploadBegun) -> None:
    """An upload is open."""
    await db.execute(
        """
        INSERT INTO uploads (campaign, upload_id, state, file_name, file_sha256, file_size, duplicates, mode, columns,
                             actor, begun_us)
        VALUES (%s, %s, 'checking', %s, %s, %s, %s, %s, %s::text[], %s, %s)
        """,
        [
            fact.campaign,
            event.upload_id,
            event.file_name,
            event.file_sha256,
            event.file_size,
            event.duplicates,
            event.mode,
            list(event.columns),
            fact.actor,
            fact.at_us,
        ],
    )


async def chunk_counted(db: Db, fact: Fact, event: RecordsAdded) -> None:
    """The account of the upload after one more chunk."""
    added, (doubled, invalid) = len(event.row), refused(event)
    await db.execute(
        "UPDATE uploads SET read = read + %s, accepted = accepted + %s, duplicate = duplicate + %s,"
        " invalid = invalid + %s WHERE campaign = %s AND upload_id = %s",
        [added + doubled + invalid, added, doubled, invalid, fact.campaign, event.upload_id],
    )


async def upload_committed(db: Db, fact: Fact, event: UploadCommitted) -> None:
    """Its records are visible from here on; new columns are declared, a completed campaign is ready again."""
    await db.execute(
        "UPDATE uploads SET state = 'committed', ended_us = %s, read = %s, accepted = %s, duplicate = %s,"
        " invalid = %s WHERE campaign = %s AND upload_id = %s",
        [
            fact.at_us,
            event.read,
            event.accepted,
            event.duplicate,
            event.invalid,
            fact.campaign,
            event.upload_id,
        ],
    )
    if event.accepted:
        await db.execute(
            "UPDATE campaigns SET position = 'Ready' WHERE campaign = %s AND position = 'Completed'",
            [fact.campaign],
        )


async def columns_declared(db: Db, campaign: str, columns: list[str]) -> None:
    """The campaign has these extra columns now."""
    await db.execute(
        "UPDATE campaigns SET settings = jsonb_set(settings, '{columns}', %s::jsonb) WHERE campaign = %s",
        [json.dumps(columns), campaign],
    )


async def upload_void(db: Db, fact: Fact, event: UploadRejected | UploadAbandoned) -> None:
    """Nothing of the upload stays but the account of its rows."""
    if isinstance(event, UploadRejected):
        state = "withdrawn" if event.code == "withdrawn" else "rejected"
        said = (state, event.code, event.column)
    else:
        said = ("rejected", "abandoned", "")
    await db.execute(
        "UPDATE uploads SET state = %s, code = %s, column_name = %s, ended_us = %s"
        " WHERE campaign = %s AND upload_id = %s",
        [*said, fact.at_us, fact.campaign, event.upload_id],
    )
    await db.execute(
        "DELETE FROM record_states AS s USING records AS r WHERE s.campaign = %s AND r.campaign = s.campaign"
        " AND r.record = s.record AND r.upload_id = %s",
        [fact.campaign, event.upload_id],
    )
    await db.execute(
        "DELETE FROM records WHERE campaign = %s AND upload_id = %s", [fact.campaign, event.upload_id]
    )


def settings_json(settings: CampaignSettings) -> str:
    """The settings as the views keep them."""
    return json.dumps(asdict(settings), ensure_ascii=False, default=list)
