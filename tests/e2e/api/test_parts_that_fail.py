"""The API while its parts fail: what is away is said, nothing is lost or left open, all comes back by itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from deploy.local.platform import LocalPlatform
from tests.integration.api.stack import ApiStack
from tests.kit.stack import free_port, wait_until

ROWS = 6_000
CSV = "PhoneNumber\r\n" + "".join(f"+4420794{n:05d}\r\n" for n in range(ROWS))


@pytest.fixture(scope="module")
def own_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    folder = tmp_path_factory.mktemp("failing")
    folder.parent.chmod(0o755)  # the database's account must reach its folder
    with LocalPlatform(folder / "platform") as running:
        yield running


@pytest.fixture(scope="module")
def stack(own_platform: LocalPlatform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStack]:
    folder: Path = tmp_path_factory.mktemp("api")
    with ApiStack(folder, own_platform.bootstrap, own_platform.dsn) as running:
        yield running


def test_an_upload_that_a_killed_api_left_half_done_is_finished_by_the_next(stack: ApiStack) -> None:
    stack.create("big")
    sent = stack.http.post("/v1/campaigns/big/uploads", files={"file": ("big.csv", CSV.encode())})
    assert sent.status_code == 202, sent.text
    where = sent.headers["location"]
    wait_until(lambda: stack.http.get(where).json()["read"] > 0, "the first rows are in the log", 20)

    stack.stop("api", signal.SIGKILL)
    stack.start("api")
    stack.wait_ready()

    receipt = stack.receipt(sent)
    assert (receipt["state"], receipt["resumed"]) == ("committed", True)
    assert (receipt["read"], receipt["accepted"], receipt["duplicate"]) == (ROWS, ROWS, 0)
    shown = stack.http.get("/v1/campaigns/big").json()
    assert (shown["counts"]["total"], shown["upload"]) == (ROWS, None)
    last = stack.http.get("/v1/campaigns/big/records", params={"cursor": str(ROWS - 1)}).json()
    assert [item["record_id"] for item in last["items"]] == [str(ROWS)]


def test_a_download_that_loses_its_rows_breaks_and_does_not_end_quietly(
    stack: ApiStack, own_platform: LocalPlatform
) -> None:
    with (
        pytest.raises(httpx.RemoteProtocolError),
        stack.http.stream("GET", "/v1/campaigns/big/download?format=pdf") as answer,
    ):
        assert answer.status_code == 200
        blocks = answer.iter_raw()
        next(blocks)
        with psycopg.connect(own_platform.dsn, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%download%'"
                " AND pid <> pg_backend_pid()"
            )
        for _ in blocks:
            pass
    whole = stack.http.get("/v1/campaigns/big/download?format=csv")
    assert len(whole.text.splitlines()) == ROWS + 1


def test_without_the_database_reads_say_so_and_commands_still_work(
    stack: ApiStack, own_platform: LocalPlatform
) -> None:
    own_platform.stop("database")
    read = stack.http.get("/v1/campaigns/big")
    assert (read.status_code, read.json()["code"]) == (503, "database-unavailable")
    assert read.headers["retry-after"]
    download = stack.http.get("/v1/campaigns/big/download?format=csv")
    assert download.json()["code"] == "database-unavailable"
    ready = stack.http.get("/health/ready")
    assert (ready.status_code, stack.http.get("/health/live").status_code) == (503, 200)
    assert "views" in ready.json()["waiting_for"][0]
    started = stack.http.post("/v1/campaigns/big/start")
    assert started.status_code == 200, started.text

    own_platform.start("database")
    stack.wait_ready()
    stack.seen(started)
    assert stack.http.get("/v1/campaigns/big").json()["position"] == "Running"


def test_without_the_log_commands_are_refused_and_reads_still_work(
    stack: ApiStack, own_platform: LocalPlatform
) -> None:
    own_platform.kill("broker")
    key = {"Idempotency-Key": "while-away"}
    first = stack.http.post("/v1/campaigns/big/stop", headers=key)
    assert first.status_code in {202, 503}  # 202: it was sent in the very moment that the broker went
    began = time.monotonic()
    refused = stack.http.post("/v1/campaigns/big/stop", headers=key)
    assert (refused.status_code, refused.json()["code"]) == (503, "log-unavailable")
    assert refused.headers["retry-after"]
    assert time.monotonic() - began < 2
    assert stack.http.get("/v1/campaigns/big").json()["position"] == "Running"
    assert stack.http.get("/health/ready").status_code == 200

    own_platform.start("broker")
    wait_until(
        lambda: stack.http.post("/v1/campaigns/big/stop", headers=key).status_code == 200,
        "the command is carried out",
        60,
    )
    told = stack.http.post("/v1/campaigns/big/stop", headers=key)
    assert (told.json()["position"], told.json()["changed"]) == ("Stopped", True)


def test_it_ends_cleanly_while_somebody_watches(stack: ApiStack) -> None:
    with stack.http.stream("GET", "/v1/campaigns/big/watch") as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("id: ")
        began = time.monotonic()
        assert stack.stop("api") == 0
        assert time.monotonic() - began < 8
    stack.start("api")
    stack.wait_ready()


@pytest.mark.parametrize(
    ("http", "tokens", "says"),
    [
        ("0.0.0.0:{port}", None, "OUTDIAL_TOKENS is not set"),
        ("127.0.0.1:{port}", "nobody", "line 1"),
        ("127.0.0.1:{port}", "", "no token"),
    ],
)
def test_what_would_open_it_to_everybody_stops_it_at_start(
    http: str, tokens: str | None, says: str, tmp_path: Path
) -> None:
    file = tmp_path / "tokens"
    file.write_text(tokens or "")
    environ = {
        **os.environ,
        "OUTDIAL_KAFKA": "127.0.0.1:1",
        "OUTDIAL_DATABASE": "postgresql://127.0.0.1:1/none",
        "OUTDIAL_DATA": str(tmp_path),
        "OUTDIAL_HTTP": http.format(port=free_port()),
        **({} if tokens is None else {"OUTDIAL_TOKENS": str(file)}),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "services.api"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert says in ended.stderr
