"""kill -9 of every process in the middle of a running campaign, broker and database included; then start again."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.kit import journey
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log
from tests.kit.stack import Stack, wait_until

ROWS = 500


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    running = Stack(tmp_path / "data", OUTDIAL_SIMULATOR_SPEED="60")
    running.start()
    yield running
    running.kill_everything()
    running.close()


def has_dialled(stack: Stack, enough: int) -> bool:
    return journey.dialled(stack, "spring") > enough


@pytest.mark.timeout(240)
def test_nothing_is_dialled_twice_nothing_is_lost_and_the_campaign_completes(
    stack: Stack, tmp_path: Path
) -> None:
    journey.create(stack, "spring")
    expected, receipt = journey.upload(stack, "spring", tmp_path, ROWS)
    assert stack.post("/campaigns/spring/start").status_code == 200

    for enough in (ROWS // 8, ROWS // 3):
        wait_until(partial(has_dialled, stack, enough), f"{enough} calls are placed")
        assert stack.kill_everything() >= 7
        stack.start()
    journey.wait_for_position(stack, "spring", "Completed", 150)

    assert receipt["accepted"] == expected.valid
    records = journey.downloaded(stack, "spring")
    assert len(records) == expected.valid
    assert Counter(record["Status"] for record in records)["Pending"] == 0
    log = asyncio.run(read_log(journey.bootstrap_of(stack)))
    calls = journey.ledger_of(stack)
    assert len(calls) >= expected.valid
    assert check_log(log, calls) == []
