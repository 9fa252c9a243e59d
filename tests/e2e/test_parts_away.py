"""A part that goes away: the answer says so, nothing is lost, and all recovers by itself when it returns."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.kit import journey
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log
from tests.kit.stack import Stack, wait_until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("away")
    running = Stack(folder / "data")
    running.start()
    journey.create(running, "spring")
    yield running
    assert check_log(asyncio.run(read_log(journey.bootstrap_of(running))), journey.ledger_of(running)) == []
    assert running.stop() == 0
    assert running.processes() == []
    running.close()


def process_of(stack: Stack, words: str) -> psutil.Process:
    return next(found for found in stack.processes() if words in " ".join(found.cmdline()))


def answers(stack: Stack, path: str) -> bool:
    try:
        return stack.http.get(f"/v1{path}").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@pytest.mark.timeout(120)
def test_a_second_up_on_the_same_data_says_who_holds_it(stack: Stack) -> None:
    second = Stack(stack.data)

    with pytest.raises(RuntimeError, match="ended with 3"):
        second.start()

    second.close()
    assert "is in use by process" in (stack.data / "up.log").read_text()


@pytest.mark.timeout(120)
def test_a_command_during_a_broker_that_is_away_is_answered_honestly_and_carried_out_once(
    stack: Stack,
) -> None:
    broker = process_of(stack, "kafka.Kafka")
    broker.send_signal(signal.SIGKILL)

    first = stack.post("/campaigns/spring/force-complete", headers={"Idempotency-Key": "while-away"})

    # 200: the broker was back before the API stopped waiting
    assert first.status_code in (200, 202, 503), first.text
    assert first.status_code != 503 or "Retry-After" in first.headers
    wait_until(
        lambda: (
            stack.post(
                "/campaigns/spring/force-complete", headers={"Idempotency-Key": "while-away"}
            ).status_code
            == 200
        ),
        "the command is accepted once the broker is back",
    )
    # a projection that joined while the broker came back gets its partitions within seconds
    journey.wait_for_position(stack, "spring", "Completed", 30)


@pytest.mark.timeout(120)
def test_views_come_back_after_a_killed_database(stack: Stack) -> None:
    database = process_of(stack, "bin/postgres -D")
    database.send_signal(signal.SIGKILL)

    wait_until(stack.is_ready, "the API answers and has the log")
    wait_until(lambda: answers(stack, "/campaigns/spring"), "the views answer again")

    journey.create(stack, "autumn")
    wait_until(lambda: answers(stack, "/campaigns/autumn"), "a new campaign is in the views")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("service", ["command", "projection", "dialer", "api", "simulator"])
def test_a_killed_service_is_started_again_and_works(stack: Stack, service: str) -> None:
    stack.kill(service)

    name = f"after-{service}"
    wait_until(stack.is_ready, "the API answers and has the log")
    journey.create(stack, name)
    wait_until(lambda: answers(stack, f"/campaigns/{name}"), "a new campaign is in the views")
