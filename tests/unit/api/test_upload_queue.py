"""The upload queue: one open upload per campaign, resumed after a restart, never left open for ever."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.eventlog.ports import LogUnavailable
from outdial.files.upload import UploadLimits
from services.api.uploads.job import UploadJob
from services.api.uploads.queue import UploadQueue
from services.api.uploads.store import UploadStore
from tests.kit.until import until
from tests.unit.api.fakes import CAMPAIGN, NOW_US, FakePorts, rejected

ROWS = b"PhoneNumber\r\n" + b"".join(b"+4420794601%02d\r\n" % n for n in range(7))
LIMITS = UploadLimits(chunk_rows=3)


def job(upload_id: str = "u-1", **changes: Any) -> UploadJob:
    first = UploadJob(
        campaign=CAMPAIGN,
        upload_id=upload_id,
        command_id=f"key-{upload_id}",
        actor="local",
        file_name="spring.csv",
        sha256=sha256(ROWS).hexdigest(),
        size=len(ROWS),
        duplicates="skip",
        mode="accept-valid",
        new_columns="refuse",
        created_us=NOW_US,
    )
    return replace(first, **changes)


class Desk:
    """A queue on a folder, as a process has it; `restart` is the next process on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ports = folder, FakePorts()
        self.queue = self._queue()

    def _queue(self) -> UploadQueue:
        return UploadQueue(UploadStore(self.folder), self.ports, LIMITS, wait_s=0.01)

    def give(self, one: UploadJob, content: bytes = ROWS) -> None:
        path = self.queue.store.incoming()
        path.write_bytes(content)
        self.queue.store.adopt(path, one)
        self.queue.add(one)

    async def over(self, upload_id: str = "u-1") -> UploadJob:
        found = self.queue.get(CAMPAIGN, upload_id)
        assert found is not None
        return await self.queue.ended(found, 20)

    async def restart(self) -> None:
        await self.queue.stop()
        self.ports.may_take.set()
        self.queue = self._queue()
        await self.queue.start()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    await desk.queue.stop()


@pytest.mark.parametrize("away", ["views_away", "lists_away"])
async def test_while_the_views_are_away_an_upload_waits(desk: Desk, away: str) -> None:
    setattr(desk.ports, away, 3)
    desk.give(job())
    done = await desk.over()
    assert (done.state, done.accepted) == ("committed", 7)


async def test_a_number_that_is_on_a_list_becomes_no_record(desk: Desk) -> None:
    desk.ports.on_a_list = ["+442079460102"]
    desk.give(job())
    done = await desk.over()
    assert (done.state, done.rows_done) == ("committed", 7)
    assert sum(len(chunk.rows) for _, chunk in desk.ports.taken) == 6
    (refused,) = [row for _, chunk in desk.ports.taken for row in chunk.invalid]
    assert (refused.row, refused.column, refused.code) == (4, "PhoneNumber", "do-not-call")
    assert refused.cells == ("+442079460102",)


async def test_a_file_becomes_chunks_and_is_committed(desk: Desk) -> None:
    desk.give(job())
    done = await desk.over()
    assert (done.state, done.accepted, done.rows_done) == ("committed", 7, 7)
    assert desk.ports.begins == ["key-u-1"]
    assert [(number, len(chunk.rows)) for number, chunk in desk.ports.taken] == [(0, 3), (1, 3), (2, 1)]
    assert desk.ports.commits == [("u-1", 3, 7)]
    assert not desk.queue.store.file(done).exists()


async def test_a_file_that_is_refused_before_it_began_leaves_nothing_in_the_log(desk: Desk) -> None:
    desk.give(job(), b"Name\r\nAsha\r\n")
    done = await desk.over()
    assert (done.state, done.code) == ("rejected", "column-missing")
    assert done.text
    assert (desk.ports.begins, desk.ports.rejects) == ([], [])


async def test_what_is_wrong_behind_the_header_rejects_the_whole_upload(desk: Desk) -> None:
    desk.give(job(), ROWS + b"+442079460150,surplus\r\n")
    done = await desk.over()
    assert (done.state, done.code) == ("rejected", "column-unknown")
    assert [code for _, code, _ in desk.ports.rejects] == ["column-unknown"]
    assert desk.ports.commits == []


async def test_a_second_file_waits_until_the_first_is_over(desk: Desk) -> None:
    desk.ports.may_take.clear()
    desk.give(job("u-1"))
    desk.give(job("u-2"))
    await asyncio.wait_for(desk.ports.chunk_taken.wait(), 20)
    second = desk.queue.get(CAMPAIGN, "u-2")
    assert second is not None
    assert (second.state, desk.ports.begins) == ("queued", ["key-u-1"])
    desk.ports.may_take.set()
    assert (await desk.over("u-2")).state == "committed"
    assert [upload for upload, _, _ in desk.ports.commits] == ["u-1", "u-2"]


async def test_when_another_opened_first_it_asks_again_under_another_id(desk: Desk) -> None:
    def opening(one: UploadJob) -> Any:
        code = "upload-in-progress" if one.begins < 2 else ""
        answer = rejected(Request(CAMPAIGN, None, one.begin_id, ""), code)  # type: ignore[arg-type]  # only its id counts
        return replace(answer, accepted=not code)

    desk.ports.opening = opening
    desk.give(job())
    assert (await desk.over()).state == "committed"
    assert desk.ports.begins == ["key-u-1", "key-u-1/1", "key-u-1/2"]


async def test_behind_an_upload_from_elsewhere_it_asks_without_appending_until_it_is_free(desk: Desk) -> None:
    desk.ports.busy = 2
    desk.give(job())
    assert (await desk.over()).state == "committed"
    assert (desk.ports.begins, desk.ports.busy) == (["key-u-1"], -1)


async def test_a_campaign_that_does_not_take_data_any_more_rejects_it(desk: Desk) -> None:
    desk.ports.opening = lambda one: rejected(
        Request(CAMPAIGN, None, one.begin_id, ""),  # type: ignore[arg-type]  # only its id counts
        "position-does-not-allow",
        position="Running",
    )
    desk.give(job())
    done = await desk.over()
    assert (done.state, done.code, done.fields["position"]) == (
        "rejected",
        "position-does-not-allow",
        "Running",
    )


@pytest.mark.parametrize("failure", [LogUnavailable("no broker"), OutcomeUnknown("key-u-1")])
async def test_it_goes_on_by_itself_when_the_log_comes_back(failure: Exception, desk: Desk) -> None:
    failures = [failure, failure]
    answers = FakePorts()

    def opening(one: UploadJob) -> Any:
        return failures.pop() if failures else answers_accept(one)

    def answers_accept(one: UploadJob) -> Any:
        request = Request(CAMPAIGN, None, one.begin_id, "")  # type: ignore[arg-type]  # only its id counts
        return replace(rejected(request, ""), accepted=True)

    assert answers.begins == []
    desk.ports.opening = opening
    desk.give(job())
    assert (await desk.over()).state == "committed"
    assert set(desk.ports.begins) == {"key-u-1"}


async def test_after_a_restart_a_half_sent_upload_goes_on_behind_what_the_log_has(desk: Desk) -> None:
    desk.ports.may_take.clear()
    desk.give(job())
    await asyncio.wait_for(desk.ports.chunk_taken.wait(), 20)
    desk.ports.known_chunks = 1
    before = len(desk.ports.taken)
    await desk.restart()
    done = await desk.over()
    assert (done.state, done.resumed, done.rows_done) == ("committed", True, 7)
    assert [number for number, _ in desk.ports.taken[before:]] == [1, 2]
    assert desk.ports.commits == [("u-1", 3, 7)]
    assert set(desk.ports.begins) == {"key-u-1"}


async def test_after_a_restart_before_the_commits_answer_only_the_commit_is_sent_again(desk: Desk) -> None:
    one = job(begun=True, chunks=3, read=7, state="checking")
    path = desk.queue.store.incoming()
    path.write_bytes(ROWS)
    desk.queue.store.adopt(path, one)
    await desk.restart()
    assert (await desk.over()).state == "committed"
    assert (desk.ports.taken, desk.ports.commits) == ([], [("u-1", 3, 7)])


async def test_an_upload_whose_file_is_gone_is_rejected_not_left_open(desk: Desk) -> None:
    one = job(begun=True, state="checking")
    path = desk.queue.store.incoming()
    path.write_bytes(ROWS)
    desk.queue.store.adopt(path, one)
    desk.queue.store.drop_file(one)
    await desk.restart()
    done = await desk.over()
    assert done.state == "rejected"
    assert desk.ports.rejects


async def test_a_queued_upload_is_withdrawn_without_a_trace(desk: Desk) -> None:
    desk.ports.may_take.clear()
    desk.give(job("u-1"))
    desk.give(job("u-2"))
    await asyncio.wait_for(desk.ports.chunk_taken.wait(), 20)
    second = desk.queue.get(CAMPAIGN, "u-2")
    assert second is not None
    assert (await desk.queue.withdraw(second, 5)).state == "withdrawn"
    desk.ports.may_take.set()
    await desk.over("u-1")
    assert desk.ports.begins == ["key-u-1"]


async def test_an_upload_that_is_being_read_is_withdrawn_in_the_log_too(desk: Desk) -> None:
    desk.ports.may_take.clear()
    desk.give(job())
    await asyncio.wait_for(desk.ports.chunk_taken.wait(), 20)
    running = desk.queue.get(CAMPAIGN, "u-1")
    assert running is not None
    withdrawing = asyncio.create_task(desk.queue.withdraw(running, 10))
    await asyncio.sleep(0)
    desk.ports.may_take.set()
    assert (await withdrawing).state == "withdrawn"
    assert [code for _, code, _ in desk.ports.rejects] == ["withdrawn"]
    assert desk.ports.commits == []


async def test_an_upload_that_the_log_already_closed_ends_as_the_log_says(desk: Desk) -> None:
    closed = Request(CAMPAIGN, None, "k", "")  # type: ignore[arg-type]  # only its id counts
    desk.ports.opening = lambda _: rejected(closed, "upload-closed", state="committed")
    desk.give(job())
    assert (await desk.over()).state == "committed"


async def test_an_error_of_ours_ends_that_upload_and_not_the_next(desk: Desk) -> None:
    def opening(one: UploadJob) -> Any:
        if one.upload_id == "u-1":
            return RuntimeError("a defect")
        request = Request(CAMPAIGN, None, one.begin_id, "")  # type: ignore[arg-type]  # only its id counts
        return replace(rejected(request, ""), accepted=True)

    desk.ports.opening = opening
    desk.give(job("u-1"))
    desk.give(job("u-2"))
    assert (await desk.over("u-2")).state == "committed"
    first = await desk.over("u-1")
    assert (first.state, first.code) == ("rejected", "internal-error")
    assert desk.ports.rejects == [("u-1", "internal-error", "")]


async def test_a_full_disk_makes_an_upload_wait_until_there_is_room(desk: Desk) -> None:
    desk.ports.busy = 1  # it waits for its turn while the disk fills up
    desk.give(job())
    full = desk.folder / "u-1" / "job.part"
    full.symlink_to("/dev/full")
    await until(lambda: desk.ports.busy < -2, "it was tried again and again")
    waiting = desk.queue.get(CAMPAIGN, "u-1")
    assert waiting is not None
    assert not waiting.is_over

    full.unlink()

    done = await desk.over()
    assert (done.state, done.accepted, desk.ports.commits) == ("committed", 7, [("u-1", 3, 7)])


async def test_the_end_of_an_upload_is_told_though_its_receipt_cannot_be_kept(desk: Desk) -> None:
    desk.ports.may_take.clear()
    desk.give(job())
    await asyncio.wait_for(desk.ports.chunk_taken.wait(), 20)
    waiting = desk.queue.get(CAMPAIGN, "u-1")
    assert waiting is not None
    full = desk.folder / "u-1" / "job.part"
    desk.queue._unwanted.add("u-1")  # withdrawn, as the route does it without waiting
    full.symlink_to("/dev/full")
    desk.ports.may_take.set()

    assert (await desk.over()).state == "withdrawn"

    full.unlink()
    desk.give(job("u-2"))
    assert (await desk.over("u-2")).state == "committed", "the campaign takes the next file"


async def test_an_upload_that_breaks_off_without_the_log_does_not_block_its_campaign(desk: Desk) -> None:
    def breaks(_: UploadJob) -> Answer:
        desk.ports.is_away = True
        raise RuntimeError("a defect of ours")

    desk.ports.opening = breaks
    desk.give(job())
    assert (await desk.over()).code == "internal-error"

    desk.ports.is_away, desk.ports.opening = False, None
    desk.give(job("u-2"))
    assert (await desk.over("u-2")).state == "committed"
