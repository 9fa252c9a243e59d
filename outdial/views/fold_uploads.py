"""Folds uploads into the views: begun, chunks, committed, void. Every row of a file is accounted for."""

from outdial.campaign.chunk_counts import refused
from outdial.campaign.events import (
    RecordsAdded,
    UploadAbandoned,
    UploadBegun,
    UploadCommitted,
    UploadRejected,
)
from outdial.campaign.evolve import Unappliable
from outdial.views import fold_records
from outdial.views.batch import Batch
from outdial.views.columns import storable
from outdial.views.facts import Fact
from outdial.views.rows import UploadRow
from outdial.views.tallies import count_set


def begun(batch: Batch, fact: Fact, event: UploadBegun) -> None:
    """An upload is open; its first chunk says which record numbers it gets."""
    batch.uploads.add(
        UploadRow(
            campaign=fact.campaign,
            upload_id=event.upload_id,
            state="checking",
            is_committed=False,
            first_record=0,
            numbers=0,
            read=0,
            accepted=0,
            duplicate=0,
            invalid=0,
            code="",
            column_name="",
            begun_us=fact.at_us,
            ended_us=0,
            file_name=storable(event.file_name),
            file_sha256=event.file_sha256,
            file_size=event.file_size,
            duplicates=event.duplicates,
            mode=event.mode,
            columns=storable(list(event.columns)),
            new_columns=storable(list(event.new_columns)),
            actor=storable(fact.actor),
        )
    )


async def chunk(batch: Batch, fact: Fact, event: RecordsAdded) -> None:
    """The chunk's rows as records that nobody sees yet, and the account after it."""
    upload = _upload(batch, fact, event.upload_id)
    fold_records.added(batch, fact, event, upload.begun_us)
    if event.invalid_row:
        await fold_records.rejected(batch, fact.campaign, event)
    if fact.missing:
        await batch.db.execute(
            "INSERT INTO missing_persons SELECT %s, r, %s, %s FROM unnest(%s::int[]) AS r",
            [fact.campaign, fact.partition, fact.known_until, list(fact.missing)],
        )
    others = refused(event)
    upload.first_record = upload.first_record or event.first_record
    upload.numbers += len(event.row)
    upload.accepted += len(event.row)
    upload.duplicate += others.duplicate
    upload.invalid += others.invalid
    upload.read = upload.accepted + upload.duplicate + upload.invalid


async def committed(batch: Batch, fact: Fact, event: UploadCommitted) -> None:
    """Its records are visible from here on; new columns are declared, a completed campaign is ready again."""
    upload = _upload(batch, fact, event.upload_id)
    upload.state, upload.is_committed, upload.ended_us = "committed", True, fact.at_us
    upload.read, upload.accepted = event.read, event.accepted
    upload.duplicate, upload.invalid = event.duplicate, event.invalid
    await batch.settle()
    if upload.numbers:
        await count_set(batch.db, fact.campaign, _numbers(upload), 1)
    campaign = batch.campaigns.change(fact.campaign)
    if campaign is not None and event.accepted and campaign.position == "Completed":
        campaign.position = "Ready"
    if upload.new_columns:
        await _declare(batch, fact.campaign, upload)


async def void(batch: Batch, fact: Fact, event: UploadRejected | UploadAbandoned) -> None:
    """Nothing of the upload stays but the account of its rows."""
    upload = _upload(batch, fact, event.upload_id)
    upload.ended_us = fact.at_us
    if isinstance(event, UploadRejected):
        upload.state = "withdrawn" if event.code == "withdrawn" else "rejected"
        upload.code, upload.column_name = event.code, storable(event.column)
    else:
        upload.state, upload.code = "rejected", "abandoned"
    await batch.settle()
    if upload.numbers:
        await fold_records.void_everywhere(batch.db, fact.campaign, _numbers(upload), fact.at_us)


def withdrawn(batch: Batch, fact: Fact, upload_id: str) -> None:
    """What was left of its records is deleted."""
    upload = _upload(batch, fact, upload_id)
    upload.state, upload.ended_us = "withdrawn", fact.at_us


def _numbers(upload: UploadRow) -> tuple[list[int], list[int]]:
    return [upload.first_record], [upload.first_record + upload.numbers - 1]


def _upload(batch: Batch, fact: Fact, upload_id: str) -> UploadRow:
    upload = batch.uploads.change(fact.campaign, upload_id)
    if upload is None:
        raise Unappliable(f"upload {upload_id} was never begun")
    return upload


async def _declare(batch: Batch, campaign: str, upload: UploadRow) -> None:
    """The new columns behind those that were declared, in the order of the file."""
    await batch.db.execute(
        """
        UPDATE campaigns SET settings = jsonb_set(settings, '{columns}', (settings -> 'columns') || (
            SELECT coalesce(jsonb_agg(name ORDER BY place), '[]')
            FROM unnest(%s::text[]) WITH ORDINALITY AS n (name, place)
            WHERE NOT settings -> 'columns' ? name))
        WHERE campaign = %s
        """,
        [list(upload.new_columns), campaign],
    )
