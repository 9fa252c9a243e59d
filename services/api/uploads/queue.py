"""The uploads of this process: one by one per campaign, a few campaigns at once, resumed after a restart."""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from outdial.client.requests import OutcomeUnknown
from outdial.eventlog.ports import LogUnavailable
from outdial.files.upload import UploadLimits, UploadRules
from services.api.problems import Problem, is_no_room
from services.api.uploads.job import UploadJob
from services.api.uploads.run import NotYet, Run, UploadPorts, carry, give_up
from services.api.uploads.store import RECEIPT_S, UploadStore

AT_ONCE: Final = 2
MOST_WAITING: Final = 100
WAIT_S: Final = 0.5
MAX_WAIT_S: Final = 10.0
FORGET_EVERY_S: Final = 600.0
VIEWS_AWAY: Final = "database-unavailable"
log = logging.getLogger(__name__)


class UploadQueue:
    """Every upload that this process took in. `start` goes on with those that an earlier process left."""

    def __init__(
        self, store: UploadStore, ports: UploadPorts, limits: UploadLimits, wait_s: float = WAIT_S
    ) -> None:
        self.store = store
        self.limits = limits
        self.ports = ports
        self._run = Run(store, ports, limits, self._note, self._is_unwanted)
        self._jobs: dict[str, UploadJob] = {}
        self._lanes: dict[str, list[str]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._unwanted: set[str] = set()
        self._over: dict[str, asyncio.Event] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._wait_s = wait_s
        self._forgetting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load what is on disk: unfinished uploads are resumed, old receipts are forgotten."""
        left = await asyncio.to_thread(lambda: list(self.store.load()))
        for job in sorted(left, key=lambda one: one.created_us):
            if job.is_over:
                self._jobs[job.upload_id] = job
            else:
                self.add(replace(job, resumed=True))
        self._forget_old()
        self._forgetting = asyncio.create_task(self._forget())

    async def stop(self) -> None:
        """End the work in this process; what is unfinished stays on disk and is resumed by the next one."""
        tasks = [*self._tasks.values(), *([self._forgetting] if self._forgetting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def is_full(self) -> bool:
        """Whether so many files wait that further ones must come later."""
        return sum(map(len, self._lanes.values())) >= MOST_WAITING

    def add(self, job: UploadJob) -> None:
        """Queue a job whose file is in the store."""
        self._forget_old()
        self._jobs[job.upload_id] = job
        self._over[job.upload_id] = asyncio.Event()
        self._lanes.setdefault(job.campaign, []).append(job.upload_id)
        if job.campaign not in self._tasks:
            self._tasks[job.campaign] = asyncio.create_task(self._work(job.campaign))

    def get(self, campaign: str, upload_id: str) -> UploadJob | None:
        """The job as this process knows it; None when it never came through here, or long ago."""
        job = self._jobs.get(upload_id)
        return job if job is not None and job.campaign == campaign else None

    def of(self, campaign: str) -> Iterable[UploadJob]:
        """The jobs of a campaign, newest first."""
        found = [job for job in self._jobs.values() if job.campaign == campaign]
        return sorted(found, key=lambda job: job.created_us, reverse=True)

    async def rules(self, job: UploadJob) -> UploadRules:
        """What the campaign of a job says about its records. Raises Problem `campaign-unknown`."""
        return await self.ports.rules(job.campaign, job.new_columns, job.duplicates)

    async def withdraw(self, job: UploadJob, timeout_s: float) -> UploadJob:
        """Give up a job that is queued or read. The job as it then is; it ends soon if it has not yet."""
        self._unwanted.add(job.upload_id)
        lane = self._lanes.get(job.campaign, [])
        if job.upload_id in lane and not job.begun:
            lane.remove(job.upload_id)
            self._end(replace(job, state="withdrawn"))
        return await self.ended(job, timeout_s)

    async def ended(self, job: UploadJob, timeout_s: float) -> UploadJob:
        """Wait until the job is over, at most so long; the job as it then is."""
        over = self._over[job.upload_id]
        try:
            await asyncio.wait_for(over.wait(), timeout_s)
        except TimeoutError:
            log.info("upload goes on", extra={"upload": job.upload_id})
        return self._jobs[job.upload_id]

    async def _work(self, campaign: str) -> None:
        """The worker loop of one campaign. An error of ours ends that upload, never the others."""
        lane = self._lanes[campaign]
        while lane:
            job = self._jobs[lane[0]]
            try:
                await self._one(job)
            except Problem as problem:
                self._end(replace(job, state="rejected", code=problem.code, text=problem.detail))
            except Exception:
                log.exception("upload broke off", extra={"upload": job.upload_id, "campaign": campaign})
                await self._break_off(job)
            if lane and lane[0] == job.upload_id:
                lane.pop(0)
        del self._tasks[campaign]

    async def _break_off(self, job: UploadJob) -> None:
        """It ends here. A log that is away hears nothing of it: what stands still there is abandoned."""
        try:
            await give_up(self._run, self._jobs[job.upload_id], "internal-error")
        except (LogUnavailable, OutcomeUnknown) as why:
            log.warning("upload stays open in the log", extra={"upload": job.upload_id, "why": str(why)})
        self._end(replace(job, state="rejected", code="internal-error"))

    async def _one(self, job: UploadJob) -> None:
        """Carry one job to its end, as often as log, views, a full disk or another open upload make it wait."""
        wait_s = self._wait_s
        while not self._jobs[job.upload_id].is_over:
            try:
                async with self._slots:
                    self._end(await carry(self._run, job))
                return
            except NotYet as turned:
                job = turned.job
            except (LogUnavailable, OutcomeUnknown, Problem) as why:
                if isinstance(why, Problem) and why.code != VIEWS_AWAY:
                    raise
                log.warning("upload waits", extra={"upload": job.upload_id, "why": str(why)})
                job = replace(self._jobs[job.upload_id], resumed=True)
            except OSError as why:
                if not is_no_room(why):
                    raise
                log.error("upload waits for room on the disk", extra={"upload": job.upload_id})
                job = replace(self._jobs[job.upload_id], resumed=True)
            self._note(job)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, MAX_WAIT_S)

    def _note(self, job: UploadJob) -> None:
        self._jobs[job.upload_id] = job

    def _is_unwanted(self, upload_id: str) -> bool:
        return upload_id in self._unwanted

    def _end(self, job: UploadJob) -> None:
        job = replace(job, ended_us=job.ended_us or _now_us())
        try:
            self.store.save(job)
            self.store.drop_file(job)
        except OSError as error:  # it is over all the same; another process would bring it to the same end
            log.error("receipt is not kept", extra={"upload": job.upload_id, "why": str(error)})
        self._note(job)
        self._unwanted.discard(job.upload_id)
        self._over[job.upload_id].set()

    async def _forget(self) -> None:
        """Receipts go in time also where no further upload comes."""
        while True:
            await asyncio.sleep(FORGET_EVERY_S)
            self._forget_old()

    def _forget_old(self) -> None:
        before_us = _now_us() - RECEIPT_S * 1_000_000
        for job in [one for one in self._jobs.values() if one.is_over and one.ended_us < before_us]:
            self.store.forget(job)
            del self._jobs[job.upload_id]
            self._over.pop(job.upload_id, None)


def _now_us() -> int:
    return time.time_ns() // 1000
