"""Download jobs: the file is written behind the answer, whole or not at all, with a manifest."""

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

from services.api.models.form import rfc3339
from services.api.ports import DownloadFile, DownloadOrder
from services.api.problems import Problem

KEPT_S: Final = 3_600
MAX_JOBS: Final = 20
LOOK_EVERY_S: Final = 5.0
LastDelete = Callable[[str], Awaitable[int]]
OpenFile = Callable[[DownloadOrder], Awaitable[DownloadFile]]
State = Literal["writing", "done", "failed"]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DownloadJob:
    """One file for somebody. `rows` are announced at the start; `sha256` stands when it is whole."""

    download_id: str
    order: DownloadOrder
    actor: str
    path: Path
    created_us: int
    file_name: str
    media_type: str
    log_position: str
    rows: int
    state: State = "writing"
    size: int = 0
    sha256: str = ""

    @property
    def sequence(self) -> int:
        """The last event of the campaign that the rows show."""
        return int(self.log_position.rpartition("@")[2])

    @property
    def url(self) -> str:
        """Where its state stands."""
        return f"/v1/campaigns/{self.order.campaign}/downloads/{self.download_id}"

    def shown(self) -> dict[str, Any]:
        """The job as an answer; with its manifest when the file is whole."""
        told: dict[str, Any] = {
            "download_id": self.download_id,
            "state": self.state,
            "bytes": self.size,
            "created_at": rfc3339(self.created_us),
            "until": rfc3339(self.created_us + KEPT_S * 1_000_000),
        }
        if self.state != "done":
            return told
        manifest = {
            "campaign": self.order.campaign,
            "filters": self.order.shown_filters,
            "format": self.order.format,
            "log_position": self.log_position,
            "rows": self.rows,
            "file_name": self.file_name,
            "bytes": self.size,
            "sha256": self.sha256,
        }
        return told | {"manifest": manifest, "file": f"{self.url}/file"}


class Downloads:
    """The download jobs of this process; files live below `root`, for an hour, and not beyond a delete.

    `last_delete` tells the sequence of a campaign's last delete: files from before it may hold who is gone.
    """

    def __init__(self, root: Path, open_file: OpenFile, last_delete: LastDelete) -> None:
        self._root, self._open_file, self._last_delete = root, open_file, last_delete
        self._looking: asyncio.Task[None] | None = None
        self._jobs: dict[str, DownloadJob] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start_looking(self) -> None:
        """Remove what a killed process has left; from now on, remove what is over."""
        await asyncio.to_thread(shutil.rmtree, self._root, ignore_errors=True)
        self._looking = asyncio.create_task(self._look())

    async def open(self, order: DownloadOrder) -> DownloadFile:
        """Fix the rows of a download. Raises Problem."""
        return await self._open_file(order)

    async def start(self, order: DownloadOrder, actor: str) -> DownloadJob:
        """Fix the rows and begin to write. Raises what a download does, `too-many-requests` when many run."""
        self.forget_old()
        if len(self._tasks) >= MAX_JOBS:
            raise Problem("too-many-requests", running=len(self._tasks))
        file = await self._open_file(order)
        key = uuid4().hex
        job = DownloadJob(
            download_id=key,
            order=order,
            actor=actor,
            path=self._root / key,
            created_us=_now_us(),
            file_name=file.file_name,
            media_type=file.media_type,
            log_position=file.log_position,
            rows=file.rows,
        )
        self._jobs[key] = job
        self._tasks[key] = asyncio.create_task(self._write(job, file))
        return job

    def get(self, campaign: str, download_id: str) -> DownloadJob:
        """One job. Raises `download-unknown`."""
        self.forget_old()
        job = self._jobs.get(download_id)
        if job is None or job.order.campaign != campaign:
            raise Problem("download-unknown", download_id=download_id)
        return job

    async def settled(self, download_id: str, timeout_s: float) -> None:
        """Wait until a job is whole or failed, at most so long."""
        if task := self._tasks.get(download_id):
            await asyncio.wait({task}, timeout=timeout_s)

    async def stop(self) -> None:
        """End the writing and remove every file."""
        if self._looking is not None:
            self._looking.cancel()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for job in self._jobs.values():
            job.path.unlink(missing_ok=True)

    def forget_old(self) -> None:
        """Remove the files that are over."""
        for job in [one for one in self._jobs.values() if one.created_us < _now_us() - KEPT_S * 1_000_000]:
            if job.download_id not in self._tasks:
                self._forget(job)

    async def forget_deleted(self) -> None:
        """Remove the files of rows from before a delete. Raises Problem `database-unavailable`."""
        for campaign in {job.order.campaign for job in self._jobs.values()}:
            last = await self._last_delete(campaign)
            for job in [one for one in self._jobs.values() if one.order.campaign == campaign]:
                if job.sequence < last and job.download_id not in self._tasks:
                    self._forget(job)

    def _forget(self, job: DownloadJob) -> None:
        job.path.unlink(missing_ok=True)
        del self._jobs[job.download_id]

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                self.forget_old()
                await self.forget_deleted()
            except (Problem, OSError) as error:
                log.warning("old downloads stay for now", extra={"why": str(error)})

    async def _write(self, job: DownloadJob, file: DownloadFile) -> None:
        try:
            size, digest = await asyncio.to_thread(_write_whole, job.path, file)
            self._jobs[job.download_id] = replace(job, state="done", size=size, sha256=digest)
        except Exception:
            log.exception(
                "download failed", extra={"campaign": job.order.campaign, "download": job.download_id}
            )
            self._jobs[job.download_id] = replace(job, state="failed")
        finally:
            del self._tasks[job.download_id]


async def streamed(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The blocks, made in threads. When the client goes away the query behind them ends too."""
    making: asyncio.Task[bytes | None] | None = None
    try:
        while True:
            making = asyncio.create_task(asyncio.to_thread(next, blocks, None))
            block = await asyncio.shield(making)
            if block is None:
                return
            yield block
    finally:
        if making is not None and not making.done():
            making.add_done_callback(lambda _: _close(blocks))
        else:
            _close(blocks)


def _close(blocks: Iterator[bytes]) -> None:
    close = getattr(blocks, "close", None)
    if close is not None:
        close()


def _now_us() -> int:
    return time.time_ns() // 1000


def _write_whole(path: Path, file: DownloadFile) -> tuple[int, str]:
    """Write under another name and rename: a file of that name is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    digest, size = sha256(), 0
    try:
        with part.open("wb") as out:
            for block in file.blocks:
                out.write(block)
                digest.update(block)
                size += len(block)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size, digest.hexdigest()
