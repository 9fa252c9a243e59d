"""Downloads over HTTP: streamed under a safe name from one moment; a failure midway breaks, never ends quietly."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from services.api.ports import DownloadFile, DownloadOrder
from services.api.problems import Problem
from services.api.routes.downloads import attachment
from tests.unit.api.fakes import CAMPAIGN, Api

BASE = f"/v1/campaigns/{CAMPAIGN}"
ROWS = [b"RecordId\r\n", b"1\r\n", b"2\r\n"]


def file_of(blocks: Iterator[bytes]) -> DownloadFile:
    return DownloadFile("spring-20260301-093000.csv", "text/csv; charset=utf-8", f"{CAMPAIGN}@9", 2, blocks)


@pytest.fixture
def api(tmp_path: Path) -> Api:
    api = Api(tmp_path)
    api.reading.file = lambda _: file_of(iter(ROWS))
    return api


async def test_a_download_is_streamed_with_its_name_and_log_position(api: Api) -> None:
    async with api.client() as client:
        answer = await client.get(f"{BASE}/download?format=csv")
    assert answer.content == b"".join(ROWS)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="spring-20260301-093000.csv"' in answer.headers["content-disposition"]
    assert answer.headers["outdial-log-position"] == f"{CAMPAIGN}@9"
    assert answer.headers["outdial-rows"] == "2"


async def test_its_filters_default_to_the_date_of_creation(api: Api) -> None:
    orders: list[DownloadOrder] = []

    def file(order: DownloadOrder) -> DownloadFile:
        orders.append(order)
        return file_of(iter(ROWS))

    api.reading.file = file
    async with api.client() as client:
        path = (
            f"{BASE}/download?format=csv&status=Fail&status=Pending&agent=null&from_date=2026-01-01&bom=true"
        )
        assert (await client.get(path)).status_code == 200
        or_path = f'{BASE}/download?format=csv&filters=[{{"status":["Fail"]}},{{"priority":["5-9"]}}]'
        assert (await client.get(or_path)).status_code == 200
    (one,) = orders[0].filters
    assert (list(one.status or ()), list(one.agent or ()), one.date_field) == (
        ["Fail", "Pending"],
        [None],
        "created",
    )
    assert orders[0].bom
    assert [list(two.status or two.priority or ()) for two in orders[1].filters] == [["Fail"], ["5-9"]]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("colour=red", "colour is no filter"),
        ("status=Lost", "Lost"),
        ("priority=500", "500"),
        ("from_date=yesterday", "yesterday"),
        ("filters=[", "JSON"),
        ("record_id=x", "x"),
    ],
)
async def test_an_unknown_filter_or_value_is_named(query: str, says: str, api: Api) -> None:
    async with api.client() as client:
        answer = await client.get(f"{BASE}/download?format=csv&{query}")
    said = answer.json()
    assert (answer.status_code, said["code"]) == (422, "filter-invalid")
    assert any(says in error["detail"] for error in said["errors"])
    assert all(error["pointer"].startswith("#/filters") for error in said["errors"])


async def test_a_position_that_does_not_allow_it_is_409_before_any_byte(api: Api) -> None:
    def refuse(_: DownloadOrder) -> DownloadFile:
        raise Problem("position-does-not-allow", position="Running", allowed=["stop"])

    api.reading.file = refuse
    async with api.client() as client:
        answer = await client.get(f"{BASE}/download?format=xlsx")
    assert (answer.status_code, answer.json()["position"]) == (409, "Running")


async def test_a_job_writes_the_whole_file_and_says_its_digest(api: Api) -> None:
    async with api.client() as client:
        started = await client.post(f"{BASE}/downloads?format=csv&priority=5-9")
        assert started.status_code == 202
        where = started.headers["location"]
        state = await whole(api, where)
        assert state["manifest"] == {
            "campaign": CAMPAIGN,
            "filters": '{"priority": ["5-9"]}',
            "format": "csv",
            "log_position": f"{CAMPAIGN}@9",
            "rows": 2,
            "file_name": "spring-20260301-093000.csv",
            "bytes": 16,
            "sha256": sha256(b"".join(ROWS)).hexdigest(),
        }
        assert (await client.get(state["file"])).content == b"".join(ROWS)
        assert (await client.get(where.replace(CAMPAIGN, "autumn"))).status_code == 404


async def test_a_job_that_fails_leaves_no_file(api: Api) -> None:
    def broken() -> Iterator[bytes]:
        yield ROWS[0]
        raise OSError("the connection to the database broke")

    api.reading.file = lambda _: file_of(broken())
    async with api.client() as client:
        where = (await client.post(f"{BASE}/downloads?format=csv")).headers["location"]
        assert (await whole(api, where))["state"] == "failed"
        assert (await client.get(f"{where}/file")).status_code == 404
    assert list((api.folder / "downloads").iterdir()) == []


async def test_a_file_from_before_a_delete_is_gone_with_it(api: Api) -> None:
    """It holds somebody who is to be forgotten; one from after the delete does not."""
    async with api.client() as client:
        where = (await client.post(f"{BASE}/downloads?format=csv")).headers["location"]
        assert (await whole(api, where))["state"] == "done"
        api.reading.deleted_at = 9
        await api.app.state.downloads.forget_deleted()
        assert (await client.get(f"{where}/file")).status_code == 200

        api.reading.deleted_at = 10
        await api.app.state.downloads.forget_deleted()

        assert (await client.get(f"{where}/file")).status_code == 404
    assert list((api.folder / "downloads").iterdir()) == []


async def test_files_that_a_killed_process_left_are_removed_at_the_start(api: Api) -> None:
    left = api.folder / "downloads" / "abc.part"
    left.parent.mkdir()
    left.write_bytes(b"somebody")

    await api.app.state.downloads.start_looking()
    await api.app.state.downloads.stop()

    assert not left.exists()


async def whole(api: Api, where: str) -> dict[str, Any]:
    """The state of a job when its writing is over."""
    await api.app.state.downloads.settled(where.rpartition("/")[2], 10)
    async with api.client() as client:
        found: dict[str, Any] = (await client.get(where)).json()
        return found


@pytest.mark.parametrize("name", ['a"; filename="b', "a\r\nSet-Cookie: x", "вес на.csv", "../x"])
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert "\r" not in header
    assert header.count('"') == 2
