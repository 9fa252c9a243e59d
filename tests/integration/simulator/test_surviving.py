"""The simulated network survives kill -9: what it answered is in its ledger, calls go on, reports still come."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from outdial.telephony.carrier import CarrierSettings, CarrierTelephony
from outdial.telephony.port import Ended, Live, NeverSeen, Originate, Placement, call_id
from outdial.telephony.wire import originate_body
from tests.kit.listening import Listening
from tests.kit.simulated import SimulatedNetwork

SECOND_US = 1_000_000


def call(record: int) -> Originate:
    attempt_id = f"spring.{record}.1"
    before_us = time.time_ns() // 1000 + 60 * SECOND_US
    return Originate(attempt_id, call_id(attempt_id), f"+1212555{record:04d}", "", 30, before_us)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[SimulatedNetwork]:
    found = SimulatedNetwork(tmp_path)
    found.start()
    yield found
    found.kill()


async def test_calls_and_reports_outlive_the_process(network: SimulatedNetwork) -> None:
    telephony, listening = CarrierTelephony(CarrierSettings(network.url)), Listening()
    await telephony.start()
    await telephony.listen(await listening.start())
    calls = [call(record) for record in range(1, 201)]
    assert await telephony.originate(calls) == [Placement.PLACED] * 200
    await telephony.look_up(["f" * 32], void=True)

    network.kill()
    await telephony.stop()
    await asyncio.to_thread(network.start)
    await telephony.start()

    assert len(network.placed()) == 200
    assert await telephony.originate([calls[0]]) == [Placement.PLACED]
    assert len(network.placed()) == 200
    assert await telephony.look_up(["f" * 32], void=False) == [NeverSeen(voided=True)]
    assert all(
        isinstance(seen, Live | Ended)
        for seen in await telephony.look_up([one.call_id for one in calls], void=True)
    )
    await listening.until(
        lambda: {one.call_id for one in listening.ended()} == {one.call_id for one in calls}
    )
    told = {one.call_id: one for one in listening.ended()}
    assert await telephony.look_up([calls[7].call_id], void=False) == [Ended(told[calls[7].call_id])]
    await telephony.stop()
    await listening.stop()
    assert network.stop() == 0


async def test_every_answered_originate_is_in_the_ledger_after_a_kill_at_any_moment(
    network: SimulatedNetwork,
) -> None:
    answered: set[str] = set()

    async def ask(http: httpx.AsyncClient, worker: int) -> None:
        record = worker * 10_000
        while True:
            record += 1
            response = await http.post("/v1/calls", json=originate_body("default", [call(record)]))
            answered.update(row["call_id"] for row in response.json()["calls"])
            if len(answered) >= 300:
                network.kill()

    async with httpx.AsyncClient(base_url=network.url) as http:
        workers = [asyncio.create_task(ask(http, worker)) for worker in range(1, 9)]
        done = await asyncio.wait_for(asyncio.gather(*workers, return_exceptions=True), 20)
    assert all(isinstance(error, httpx.HTTPError) for error in done)

    await asyncio.to_thread(network.start)

    kept = {entry["call_id"] for entry in await asyncio.to_thread(network.entries)}
    assert len(answered) >= 300
    assert answered <= kept
    assert len(kept) == len(network.placed())


def test_the_ledger_holds_no_phone_number(network: SimulatedNetwork, tmp_path: Path) -> None:
    httpx.post(f"{network.url}/v1/calls", json=originate_body("default", [call(4711)])).raise_for_status()
    network.stop()

    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"5554711" not in file.read_bytes()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"OUTDIAL_ALLOW_SIMULATOR": "0"}, "OUTDIAL_ALLOW_SIMULATOR"),
        (
            {"OUTDIAL_ALLOW_SIMULATOR": "1", "OUTDIAL_SIMULATOR_SHARES": "Busy=200"},
            "OUTDIAL_SIMULATOR_SHARES",
        ),
        ({"OUTDIAL_ALLOW_SIMULATOR": "1", "OUTDIAL_SIMULATOR_SPEED": "0"}, "OUTDIAL_SIMULATOR_SPEED"),
    ],
)
def test_it_refuses_to_start_where_it_is_not_allowed_or_not_understood(
    tmp_path: Path, variables: dict[str, str], told: str
) -> None:
    environ = {**os.environ, "OUTDIAL_DATA": str(tmp_path), **variables}

    ended = subprocess.run(
        [sys.executable, "-m", "services.simulator"],
        env=environ,
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert ended.returncode == 2
    assert told in ended.stderr.decode()


async def test_a_request_that_makes_no_sense_is_refused_and_changes_nothing(
    network: SimulatedNetwork,
) -> None:
    async with httpx.AsyncClient(base_url=network.url) as http:
        bodies: list[object] = [{}, {"group": "default", "calls": [{"call_id": "x"}]}, {"calls": 7}, []]
        for body in bodies:
            assert (await http.post("/v1/calls", json=body)).status_code == 422
        assert (await http.post("/v1/calls/look-up", json={})).status_code == 422
        assert (await http.put("/v1/listeners/default", json=[])).status_code == 422
    assert await asyncio.to_thread(network.entries) == []
