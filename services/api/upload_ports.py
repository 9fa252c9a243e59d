"""What the upload queue needs of log and views, bound to the real ones."""

from collections.abc import Collection, Sequence
from uuid import uuid4

from outdial.campaign.commands import BeginUpload
from outdial.client.requests import Answer, CommandRejected, Request
from outdial.client.upload import Upload, UploadSession
from outdial.files.upload import UploadRules
from services.api.listing.views import ListViews
from services.api.log import LogConnection
from services.api.ports import Reading
from services.api.uploads.job import UploadJob


class LogUploadPorts:
    """`max_rows` is the deployment's limit of one file, `chunk_rows` how many rows a full chunk has."""

    def __init__(
        self, log: LogConnection, reading: Reading, lists: ListViews, max_rows: int, chunk_rows: int
    ) -> None:
        self._log, self._reading, self._lists = log, reading, lists
        self._max_rows, self._chunk_rows = max_rows, chunk_rows

    async def rules(self, campaign: str, new_columns: str, duplicates: str) -> UploadRules:
        """What the campaign's settings say about its records. Raises Problem `campaign-unknown`."""
        settings = await self._reading.settings(campaign)
        return UploadRules(
            region=settings.region,
            time_zone=settings.time_zone,
            dial_method=settings.dial_method,
            columns=tuple(settings.columns),
            agents=frozenset(settings.agents),
            skills=frozenset(settings.skills),
            date_format=settings.date_format,
            new_columns=new_columns,
            duplicates=duplicates,
            max_rows=self._max_rows,
        )

    async def is_free(self, job: UploadJob, command: BeginUpload) -> bool:
        """Whether no other upload is open; asked by a dry run, which nobody remembers."""
        request = Request(job.campaign, command, str(uuid4()), job.actor, ttl_s=0, dry_run=True)
        return (await self._log.send(request)).code != "upload-in-progress"

    async def begin(self, job: UploadJob, command: BeginUpload) -> Answer:
        """Open the upload. Raises CommandRejected, LogUnavailable, OutcomeUnknown."""
        answer = await self._log.send(Request(job.campaign, command, job.begin_id, job.actor, ttl_s=0))
        if not answer.accepted:
            raise CommandRejected(answer)
        return answer

    async def listed(self, phones: Sequence[str]) -> Collection[str]:
        """Those that the views have on a do-not-call list. Raises Problem `database-unavailable`."""
        return await self._lists.listed(phones)

    async def accepted_chunks(self, campaign: str, upload_id: str) -> int:
        """How many chunks the views have seen; the log may have a few more, which are safe to send again."""
        upload = await self._reading.upload(campaign, upload_id)
        return int(upload["read"]) // self._chunk_rows if upload else 0

    def session(self, upload: Upload) -> UploadSession:
        """The session that carries its chunks. Raises LogUnavailable."""
        return self._log.link.session(upload)
