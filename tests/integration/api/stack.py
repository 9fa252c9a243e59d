"""The API on its real rooms: broker, database, command service and projection, as processes of their own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from outdial.eventlog.kafka import KafkaConfig
from tests.kit.stack import free_port, wait_until

SERVICES = ("command", "projection", "api")
START_S = 40.0


class ApiStack:
    """The three services on a broker and a database that others own."""

    def __init__(self, folder: Path, bootstrap: str, dsn: str, **settings: str) -> None:
        self._folder = folder
        self.dsn = dsn
        self.url = f"http://127.0.0.1:{free_port()}"
        self._environ = {
            **os.environ,
            "OUTDIAL_KAFKA": bootstrap,
            "OUTDIAL_DATABASE": dsn,
            "OUTDIAL_HTTP": self.url.removeprefix("http://"),
            "OUTDIAL_DATA": str(folder),
            "OUTDIAL_LAYOUT": "local",
            "OUTDIAL_TELEPHONY": "simulator",
            "OUTDIAL_ALLOW_SIMULATOR": "1",
            "OUTDIAL_PHONE_KEY": "a secret of the tests",
            **settings,
        }
        self.kafka = KafkaConfig(bootstrap, prefix=settings.get("OUTDIAL_KAFKA_PREFIX", ""))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = httpx.Client(base_url=self.url, timeout=20.0)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "outdial.client.topics", "apply"],
            env=self._environ,
            check=True,
            timeout=START_S,
        )
        for name in SERVICES:
            self.start(name)
        self.wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(SERVICES):
            self.stop(name)
        self.http.close()

    def start(self, name: str) -> None:
        """Start one service; its log lies in the folder."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"services.{name}"], env=self._environ, stdout=log, stderr=log
            )

    def stop(self, name: str, number: int = signal.SIGTERM) -> int:
        """End one service; its exit code."""
        process = self._processes.pop(name)
        process.send_signal(number)
        try:
            return process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(5)

    def forget_uploads(self) -> None:
        """What the API keeps of uploads in its folder, as another machine would not have it."""
        shutil.rmtree(self._folder / "uploads")

    def files(self, part: str) -> list[Path]:
        """The files of a part of the API's upload folder."""
        return [path for path in (self._folder / "uploads" / part).rglob("*") if path.is_file()]

    def wait_ready(self) -> None:
        """Until the API is ready and a command is answered."""
        wait_until(self._is_ready, "the API is ready", START_S)
        wait_until(self._is_served, "commands are answered", START_S)

    def _is_ready(self) -> bool:
        try:
            return self.http.get("/health/ready").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _is_served(self) -> bool:
        answer = self.http.post("/v1/campaigns/nobody/start", headers={"Outdial-Command-Ttl": "2"})
        return answer.status_code == httpx.codes.NOT_FOUND

    def create(self, campaign: str, **settings: Any) -> None:
        """A campaign, Ready."""
        body = {
            "name": campaign.title(),
            "campaign_id": campaign,
            "region": "GB",
            "time_zone": "Europe/London",
        }
        answer = self.http.post("/v1/campaigns", json=body | settings)
        assert answer.status_code == httpx.codes.CREATED, answer.text

    def add(self, campaign: str, count: int = 3, first: int = 0) -> None:
        """Records, so that there is something to dial."""
        rows = [{"PhoneNumber": f"+4420794{60000 + first + n:05d}"} for n in range(count)]
        answer = self.http.post(f"/v1/campaigns/{campaign}/records", json={"records": rows})
        assert answer.status_code == httpx.codes.OK, answer.text
        self.seen(answer)

    def do(self, campaign: str, function: str, body: Mapping[str, Any] | None = None) -> None:
        """A function that is accepted."""
        answer = self.http.post(f"/v1/campaigns/{campaign}/{function}", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        self.seen(answer)

    def seen(self, answer: httpx.Response) -> None:
        """Wait until the views show what an answer said."""
        at = {"Outdial-Min-Log-Position": answer.headers["outdial-log-position"]}
        shown = self.http.get(f"/v1/campaigns/{answer.json()['campaign']}", headers=at)
        assert shown.status_code == httpx.codes.OK, shown.text

    def receipt(self, sent: httpx.Response) -> dict[str, Any]:
        """The receipt of an upload that is over."""
        assert sent.status_code == httpx.codes.ACCEPTED, sent.text
        where = sent.headers["location"]
        found: dict[str, Any] = {}

        def is_over() -> bool:
            found.update(self.http.get(where).json())
            return found["state"] not in {"queued", "checking"} and found["ended_at"] is not None

        wait_until(is_over, "the upload is over", 30)
        if found["log_position"]:
            at = {"Outdial-Min-Log-Position": found["log_position"]}
            assert self.http.get(where.rpartition("/uploads/")[0], headers=at).status_code == httpx.codes.OK
            found.update(self.http.get(where).json())
        return found

    def answered(self, command_id: str, campaign: str) -> dict[str, Any]:
        """The answer of a command, when the views have it."""
        where = f"/v1/commands/{command_id}?campaign={campaign}"
        wait_until(lambda: self.http.get(where).status_code == httpx.codes.OK, "the answer is kept", 10)
        found: dict[str, Any] = self.http.get(where).json()
        return found
