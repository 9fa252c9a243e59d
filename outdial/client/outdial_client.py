"""The client of platform services: the functions of a campaign as calls, over Kafka, each safe to repeat."""

import asyncio
import hashlib
import time
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from outdial.campaign.commands import (
    BeginUpload,
    Command,
    CreateCampaign,
    DeleteRecords,
    ForceComplete,
    ResetCampaign,
    StartCampaign,
    StopCampaign,
    UndoCommand,
    WithdrawUpload,
)
from outdial.campaign.defaults import default_settings
from outdial.campaign.filter import Filter as Filters
from outdial.client.registry import SchemaTopic
from outdial.client.requests import Answer, CommandRejected, OutcomeUnknown, Request
from outdial.client.sender import CommandSender
from outdial.client.upload import MAX_UNANSWERED, Upload, UploadSession
from outdial.eventlog.appender import Appender
from outdial.eventlog.blocks import BlockWriter
from outdial.eventlog.kafka import KafkaConfig
from outdial.files.upload import UploadReading, UploadRejected, UploadRules, read_upload

__all__ = ["Filters", "OutdialClient"]

PERSONS: Final = "outdial.persons"
ALL: Final = (Filters(),)


class OutdialClient:
    """`async with OutdialClient(KafkaConfig("host:port"), actor="crm") as outdial: await outdial.start("spring")`.

    Every call returns the Answer of an accepted command. It raises CommandRejected with the answer, LogUnavailable
    (nothing was appended) or OutcomeUnknown (no answer within `timeout_s`; the same command id is safe again).
    """

    def __init__(self, kafka: KafkaConfig, actor: str, timeout_s: float = 30.0) -> None:
        self._kafka, self._actor, self._timeout_s = kafka, actor, timeout_s
        self._appender = Appender(kafka)
        self._sender: CommandSender | None = None

    async def __aenter__(self) -> Self:
        partitions = await SchemaTopic(self._kafka).partitions()
        self._sender = CommandSender(self._kafka, partitions, f"client/{self._actor}")
        await self._appender.start()
        await self._sender.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connected.stop()
        await self._appender.stop()

    async def create(
        self, campaign: str, *, name: str, region: str, time_zone: str, **settings: Any
    ) -> Answer:
        """Create a campaign; `settings` are fields of CampaignSettings."""
        made = default_settings(name=name, region=region, time_zone=time_zone, **settings)
        return await self.send(campaign, CreateCampaign(made))

    async def start(self, campaign: str) -> Answer:
        """Start or resume dialling."""
        return await self.send(campaign, StartCampaign())

    async def stop(self, campaign: str) -> Answer:
        """Stop dialling."""
        return await self.send(campaign, StopCampaign())

    async def reset(self, campaign: str, *filters: Filters, dry_run: bool = False) -> Answer:
        """Make the matching records dialable again; without filters all. A dry run only counts."""
        return await self.send(campaign, ResetCampaign(filters or ALL), dry_run=dry_run)

    async def delete_records(self, campaign: str, *filters: Filters, selection: str) -> Answer:
        """Delete the matching records for good; `selection` is what `count_records` answered."""
        return await self.send(campaign, DeleteRecords(filters or ALL, confirm_selection=selection))

    async def count_records(self, campaign: str, *filters: Filters) -> Answer:
        """How many records a delete would take; `details["selection"]` confirms it."""
        return await self.send(campaign, DeleteRecords(filters or ALL), dry_run=True)

    async def force_complete(self, campaign: str) -> Answer:
        """Complete the campaign; active records become Complete."""
        return await self.send(campaign, ForceComplete())

    async def undo(self, campaign: str, command_id: str) -> Answer:
        """Undo the reset, force complete or delete of that command id."""
        return await self.send(campaign, UndoCommand(command_id))

    async def withdraw_upload(self, campaign: str, upload_id: str) -> Answer:
        """Delete the records of one upload."""
        return await self.send(campaign, WithdrawUpload(upload_id))

    async def upload(
        self,
        campaign: str,
        file: Path,
        rules: UploadRules,
        *,
        duplicates: str = "skip",
        mode: str = "accept-valid",
    ) -> Answer:
        """Add the rows of a workbook or CSV file. Raises UploadRejected for a file that is refused as a whole."""
        upload = Upload(campaign, f"u-{uuid4().hex[:20]}", self._actor)
        with read_upload(file, rules, time.time_ns() // 1000) as reading:
            header = reading.header
            upload = Upload(campaign, upload.upload_id, self._actor, header.extra_columns, header.columns)
            session = UploadSession(
                self._connected, BlockWriter(self._appender, PERSONS), self._connected.codec, upload
            )
            content = await asyncio.to_thread(file.read_bytes)
            await session.begin(
                BeginUpload(
                    upload_id=upload.upload_id,
                    file_name=file.name,
                    file_sha256=hashlib.sha256(content).digest(),
                    file_size=len(content),
                    duplicates=duplicates,
                    mode=mode,
                    columns=list(header.extra_columns),
                    new_columns=list(header.added_columns),
                )
            )
            return await self._send_rows(session, reading)

    async def send(
        self, campaign: str, command: Command, *, dry_run: bool = False, command_id: str = ""
    ) -> Answer:
        """Send any command; repeats it under the same id until it is answered or the time is over."""
        request = Request(campaign, command, command_id or str(uuid4()), self._actor, dry_run=dry_run)
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._until_answered(request)
        except TimeoutError:
            raise OutcomeUnknown(request.command_id) from None
        if not answer.accepted:
            raise CommandRejected(answer)
        return answer

    @property
    def _connected(self) -> CommandSender:
        if self._sender is None:
            raise RuntimeError("use it as `async with OutdialClient(…) as outdial`")
        return self._sender

    async def _until_answered(self, request: Request) -> Answer:
        while True:
            try:
                return await self._connected.send(request)
            except OutcomeUnknown:
                continue

    @staticmethod
    async def _send_rows(session: UploadSession, reading: UploadReading) -> Answer:
        try:
            iterator = iter(reading)
            while chunks := await asyncio.to_thread(lambda: list(islice(iterator, MAX_UNANSWERED))):
                await session.add_all(chunks)
        except UploadRejected as error:
            await session.reject(error.code)
            raise
        return await session.commit(reading.summary.read)
