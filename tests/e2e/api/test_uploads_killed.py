"""Uploads while things die, after any chunk or in the middle of the file: complete or not there, and it says which."""

import signal
import socket
from collections.abc import Iterator
from csv import DictReader
from io import StringIO
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from deploy.local.platform import LocalPlatform
from tests.integration.api.stack import ApiStack
from tests.kit.stack import wait_until

ROWS: Final = 3_000
BIG: Final = 20_000  # forty chunks
VICTIMS: Final = (["api"], ["command"], ["api", "command"])
PREFIX: Final = "killed-"
GRACE_S: Final = 600


def csv(rows: int, first: int = 0) -> bytes:
    lines = [f"+4420794{first + n:05d}" for n in range(rows)]
    return "\r\n".join(["PhoneNumber", *lines, ""]).encode()


@pytest.fixture(scope="module")
def stack(platform: LocalPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStack]:
    with psycopg.connect(platform.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE uploads_killed")
    dsn = platform.dsn.replace("/outdial", "/uploads_killed")
    settings = {"OUTDIAL_KAFKA_PREFIX": PREFIX, "OUTDIAL_DELETE_GRACE": str(GRACE_S)}
    with ApiStack(tmp_path_factory.mktemp("api"), platform.bootstrap, dsn, **settings) as running:
        yield running


def send(stack: ApiStack, campaign: str, name: str, data: bytes) -> httpx.Response:
    return stack.http.post(f"/v1/campaigns/{campaign}/uploads", files={"file": (name, data)})


def total(stack: ApiStack, campaign: str) -> int:
    told: int = stack.http.get(f"/v1/campaigns/{campaign}").json()["counts"]["total"]
    return told


def test_whoever_is_killed_after_whatever_chunk_every_row_is_there_once(stack: ApiStack) -> None:
    stack.create("killed")
    sent = send(stack, "killed", "people.csv", csv(BIG))
    told: dict[str, Any] = {"read": 0}
    hits = 0
    for victims in VICTIMS:

        def has_grown(before: int = int(told["read"])) -> bool:
            told.update(stack.http.get(sent.headers["location"]).json())
            return bool(told["read"] > before or told["state"] == "committed")

        wait_until(has_grown, f"more than {told['read']} rows are in the log", 30)
        hits += told["state"] == "checking"
        for victim in victims:
            stack.stop(victim, signal.SIGKILL)
        assert shown(stack, "killed") in {0, BIG}, "records appear all at once"
        for victim in victims:
            stack.start(victim)
        stack.wait_ready()

    receipt = stack.receipt(sent)
    assert hits > 1, "the kills came too late to mean anything"
    assert (receipt["state"], receipt["accepted"], receipt["duplicate"]) == ("committed", BIG, 0)
    assert (receipt["read"], receipt["resumed"]) == (BIG, True)
    assert total(stack, "killed") == BIG


def shown(stack: ApiStack, campaign: str) -> int:
    """The records that the views show while the API may be dead."""
    with psycopg.connect(stack.dsn) as database:
        query = "SELECT coalesce(sum(total), 0) FROM outdial_views.campaign_counts WHERE campaign = %s"
        found = database.execute(query, [campaign]).fetchone()
    assert found is not None
    return int(found[0])


def test_a_connection_that_breaks_in_the_middle_of_the_file_leaves_nothing(stack: ApiStack) -> None:
    stack.create("broken")
    at = urlsplit(stack.url)
    data = csv(ROWS)
    head = (
        f"POST /v1/campaigns/broken/uploads HTTP/1.1\r\nHost: {at.netloc}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(data) + 200}\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="file"; filename="half.csv"\r\n\r\n'
    )
    with socket.create_connection((at.hostname, at.port)) as half:
        half.sendall(head.encode() + data[: len(data) // 2])
        wait_until(lambda: bool(stack.files("incoming")), "the first half is on the disk", 10)

    wait_until(lambda: not stack.files("incoming"), "the half file is gone", 10)
    assert stack.http.get("/v1/campaigns/broken/uploads").json()["items"] == []
    assert total(stack, "broken") == 0
    assert stack.receipt(send(stack, "broken", "whole.csv", data))["accepted"] == ROWS


def test_of_two_uploads_at_once_the_second_waits_and_both_are_whole(stack: ApiStack) -> None:
    stack.create("two")
    first = send(stack, "two", "first.csv", csv(ROWS))
    second = send(stack, "two", "second.csv", csv(ROWS, first=ROWS // 2))

    assert stack.http.get(second.headers["location"]).json()["state"] == "queued"
    one, other = stack.receipt(first), stack.receipt(second)
    assert (one["accepted"], one["duplicate"]) == (ROWS, 0)
    assert (other["accepted"], other["duplicate"]) == (ROWS // 2, ROWS // 2)
    assert one["ended_at"] <= other["ended_at"]
    assert total(stack, "two") == ROWS + ROWS // 2


def without_updated_at(text: str) -> list[dict[str, str]]:
    """The rows of a download but for the last column, which says when the undo was."""
    return [{**row, "UpdatedAt": ""} for row in DictReader(StringIO(text))]


def test_within_the_grace_time_a_delete_is_undone_with_every_field(stack: ApiStack) -> None:
    stack.create("grace")
    assert stack.receipt(send(stack, "grace", "people.csv", csv(5)))["accepted"] == 5
    download = "/v1/campaigns/grace/download?format=csv"
    before = without_updated_at(stack.http.get(download).text)
    path = "/v1/campaigns/grace/delete-records"
    everybody: dict[str, Any] = {"filters": {}}
    counted = stack.http.post(f"{path}?dry_run=true", json=everybody).json()

    deleted = stack.http.post(path, json=everybody | {"confirm": counted["selection"]})
    stack.seen(deleted)
    assert total(stack, "grace") == 0
    stack.do("grace", "undo", {"command_id": deleted.json()["command_id"]})
    assert total(stack, "grace") == 5
    assert without_updated_at(stack.http.get(download).text) == before
