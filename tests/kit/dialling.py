"""A whole dialling site in small: commands, dialers and network as processes that can be killed and frozen."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from outdial.campaign.commands import (
    BeginUpload,
    Command,
    CreateCampaign,
    StartCampaign,
    StopCampaign,
)
from outdial.campaign.defaults import default_settings
from outdial.campaign.settings import RetryRule
from outdial.campaign.window import ALL_DAY
from outdial.client.listing import ListSession, Wish
from outdial.client.registry import SchemaTopic
from outdial.client.requests import Answer, OutcomeUnknown, Request
from outdial.client.sender import CommandSender
from outdial.client.upload import Upload, UploadSession
from outdial.donotcall.commands import Command as ListCommand
from outdial.donotcall.commands import CreateDoNotCallList
from outdial.donotcall.lists import stream_of
from outdial.eventlog import topics
from outdial.eventlog.appender import Appender
from outdial.eventlog.blocks import BlockWriter
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.replay import follow
from outdial.files.upload import UploadChunk, ValidRow
from outdial.messages.codec import Codec
from tests.kit.log_checker import check_log
from tests.kit.log_reading import Log, read_log
from tests.kit.simulated import SimulatedNetwork
from tests.kit.stack import free_port, wait_until

CHUNK = 500
LAYOUT = topics.Layout.named("local")
SHARES = "NoAnswer=20,Busy=15,AnsweringMachine=5,InvalidNumber=5,Rejected=5,forgetful=5"
QUICK_RETRY = tuple(RetryRule(outcome, 2, 1) for outcome in ("Busy", "NoAnswer", "AnsweringMachine"))


class Process:
    """One service process; its log is kept beside the data."""

    def __init__(self, name: str, log: Path, environ: dict[str, str]) -> None:
        self.name, self.admin = name, f"http://{environ['OUTDIAL_ADMIN']}"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"services.{name}"],
                env={**os.environ, **environ},
                stdout=file,
                stderr=file,
            )

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send any signal: SIGSTOP and SIGCONT freeze and wake it."""
        self._process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = 20.0) -> int:
        """End it; its exit code."""
        if self.lives:
            self._process.send_signal(number)
        return self._process.wait(timeout_s)


class Rig:
    """`network` settings as OUTDIAL_SIMULATOR_… variables."""

    def __init__(self, bootstrap: str, data: Path) -> None:
        self.bootstrap, self.data = bootstrap, data
        self.prefix = f"d{uuid4().hex[:8]}-"
        self.kafka = KafkaConfig(bootstrap, prefix=self.prefix)
        self.codec = Codec()
        self.sender = CommandSender(self.kafka, LAYOUT.partitions, "test")
        self.network = SimulatedNetwork(data, OUTDIAL_SIMULATOR_SPEED="300", OUTDIAL_SIMULATOR_SHARES=SHARES)
        self.processes: list[Process] = []
        self._appender = Appender(self.kafka)
        self._completed: set[str] = set()
        self._wished: set[str] = set()
        self._news = asyncio.Condition()

    async def start(self) -> None:
        """Make the topics, start the command service and the network; no dialer yet."""
        await topics.apply(self.kafka, LAYOUT)
        await SchemaTopic(self.kafka).publish(self.codec)
        self.launch("command")
        await asyncio.to_thread(self.network.start)
        await self.sender.start()
        await self._appender.start()
        self._following = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """End everything that still runs."""
        self._following.cancel()
        await asyncio.wait([self._following])
        await self.sender.stop()
        await self._appender.stop()
        for process in self.processes:
            if process.lives:
                process.send(signal.SIGCONT)
                process.end(signal.SIGKILL)
        self.network.kill()

    def launch(self, name: str, **environ: str) -> Process:
        """Start one service."""
        given = {
            "OUTDIAL_KAFKA": self.bootstrap,
            "OUTDIAL_KAFKA_PREFIX": self.prefix,
            "OUTDIAL_LAYOUT": "local",
            "OUTDIAL_PHONE_KEY": "key",
            "OUTDIAL_TELEPHONY": "simulator",
            "OUTDIAL_ALLOW_SIMULATOR": "1",
            "OUTDIAL_SIMULATOR_HTTP": self.network.address,
            "OUTDIAL_ADMIN": f"127.0.0.1:{free_port()}",
            "OUTDIAL_DIALER_HTTP": f"127.0.0.1:{free_port()}",
            "OUTDIAL_DATA": str(self.data),
            **environ,
        }
        process = Process(name, self.data / f"{name}-{len(self.processes)}.log", given)
        self.processes.append(process)
        return process

    async def ask(self, stream: str, command: Command | ListCommand) -> Answer:
        """Send a command that must be accepted."""
        request = Request(stream, command, uuid4().hex, "local", ttl_s=0)
        for _ in range(20):
            try:
                answer = await self.sender.send(request)
            except OutcomeUnknown:
                continue
            assert answer.accepted, answer
            return answer
        raise TimeoutError(f"no answer to {command}")

    async def campaign(self, name: str, records: int, **settings: Any) -> None:
        """A campaign with records that may be called at any time."""
        known = {"retry": QUICK_RETRY, "calling_window": ALL_DAY, "max_calls": 100, "wrap_up_s": 1}
        made = default_settings(name=name, region="US", time_zone="America/New_York", **{**known, **settings})
        await self.ask(name, CreateCampaign(made))
        upload = Upload(name, "u1", "local")
        session = UploadSession(
            self.sender, BlockWriter(self._appender, "outdial.persons"), self.codec, upload
        )
        await session.begin(BeginUpload("u1", "a.xlsx", bytes(32), 1, "skip", "accept-valid"))
        rows = [ValidRow(n + 2, f"+1212{n:07d}", zone="America/New_York") for n in range(records)]
        for at in range(0, records, CHUNK):
            await session.add(UploadChunk(tuple(rows[at : at + CHUNK]), ()))
        await session.commit(records)

    async def do_not_call(self, list_id: str, phones: Sequence[str]) -> int:
        """Put numbers on a list, which is made if it is not there; its sequence then."""
        await self.ask(stream_of(list_id), CreateDoNotCallList(list_id))
        session = ListSession(self, self.codec, LAYOUT.partitions, Wish(list_id, "local"))
        await session.add(phones)
        return (await session.finish()).sequence

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        """As CommandSender."""
        return await self.sender.send(request, timeout_s)

    async def write(self, partition: int, key: str, value: bytes) -> int:
        """As BlockWriter."""
        return await BlockWriter(self._appender, "outdial.persons").write(partition, key, value)

    def knows_lists(self, dialer: Process, version: int) -> bool:
        """Whether a dialer has folded the lists that far."""
        try:
            found = httpx.get(f"{dialer.admin}/health/ready", timeout=1.0).json()
        except (httpx.HTTPError, ValueError):
            return False
        return bool(found["do_not_call_version"] >= version)

    async def begin(self, name: str) -> Answer:
        """Start a campaign."""
        return await self.ask(name, StartCampaign())

    async def halt(self, name: str) -> Answer:
        """Stop a campaign."""
        return await self.ask(name, StopCampaign())

    async def until(self, true: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
        """Wait for the outside world; TimeoutError."""
        await asyncio.to_thread(wait_until, true, what, timeout_s)

    async def completed(self, *names: str, timeout_s: float = 60.0) -> Log:
        """Wait until the campaigns are completed; the log then."""
        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(lambda: self._completed >= set(names))
        return await self.log()

    async def _follow(self) -> None:
        starts = dict.fromkeys(range(LAYOUT.partitions), 0)
        async with aclosing(follow(self.kafka, "outdial.events", starts)) as batches:
            async for batch in batches:
                records = [record for part in batch.values() for record in part]
                self._completed |= {
                    (record.key or b"").decode()
                    for record in records
                    if ("ce_type", b"outdial.CampaignCompleted") in record.headers
                }
                events = [self.codec.decode(record.value or b"") for record in records]
                self._wished |= {
                    fields["attempt_id"] for name, fields in events if name == "outdial.NumbersAdded"
                }
                async with self._news:
                    self._news.notify_all()

    async def until_wished(self, attempts: Collection[str]) -> None:
        """Wait until the internal list has heard of these attempts."""
        end = time.monotonic() + 30.0
        while not set(attempts) <= self._wished:
            async with asyncio.timeout(end - time.monotonic()), self._news:
                await self._news.wait()

    def is_active(self, dialer: Process) -> bool:
        """Whether that dialer dials now."""
        try:
            found = httpx.get(f"{dialer.admin}/health/ready", timeout=1.0).json()
        except (httpx.HTTPError, ValueError):
            return False
        return bool(found["role"] == "active" and found["ready"])

    async def active(self, dialers: Sequence[Process]) -> Process:
        """The one that dials, once there is one."""
        await self.until(lambda: any(self.is_active(one) for one in dialers), "a dialer is active")
        return next(one for one in dialers if self.is_active(one))

    async def settled(self, name: str, timeout_s: float = 20.0) -> Log:
        """Wait until no attempt of a campaign is open; the log then."""
        end = time.monotonic() + timeout_s
        while True:
            log = await self.log()
            if not open_attempts(log, name):
                return log
            if time.monotonic() > end:
                raise TimeoutError(f"open: {open_attempts(log, name)}, see {self.data}")
            await asyncio.sleep(0.2)

    async def log(self) -> Log:
        """The whole log now."""
        return await read_log(self.bootstrap, self.prefix)

    async def findings(self, log: Log | None = None) -> Sequence[str]:
        """What the independent checker finds, the ledger of the network included."""
        placed = await asyncio.to_thread(self.network.placed)
        return check_log(log or await self.log(), placed)


def open_attempts(log: Log, stream: str) -> set[str]:
    """Attempt ids of every claim that has no end in the log."""
    ended = attempts_of(log, stream, "AttemptsEnded") | attempts_of(log, stream, "AttemptsWithdrawn")
    return attempts_of(log, stream, "AttemptsClaimed") - ended


def attempts_of(log: Log, stream: str, name: str) -> set[str]:
    """Attempt ids in the events of that name."""
    return {
        f"{stream}.{record}.{attempt}"
        for event in log.of(stream)
        if event.name == name
        for record, attempt in zip(event.fields["record"], event.fields["attempt"], strict=True)
    }
