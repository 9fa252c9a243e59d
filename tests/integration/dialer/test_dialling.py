"""The dialer on the real broker, command service and network: campaigns run to their end, exactly once a call."""

import asyncio
import signal
from collections import Counter

from tests.kit.dialling import Rig, attempts_of
from tests.kit.log_checker import time_us
from tests.kit.log_reading import Log


def outcomes(log: Log, stream: str) -> Counter[str]:
    ends = [event for event in log.of(stream) if event.name == "AttemptsEnded"]
    return Counter(outcome for event in ends for outcome in event.fields["outcome"])


async def test_a_campaign_runs_to_completed_and_log_and_ledger_agree(rig: Rig) -> None:
    await rig.campaign("spring", 150)
    await rig.campaign("other", 5, dialer_group="elsewhere")
    rig.launch("dialer")
    await rig.begin("other")
    await rig.begin("spring")

    log = await rig.completed("spring")

    assert await rig.findings(log) == []
    assert len(rig.network.placed()) >= 150
    assert outcomes(log, "spring").keys() >= {"Answered", "Busy", "NoAnswer", "AnsweringMachine"}
    claims = [event for event in log.of("spring") if event.name == "AttemptsClaimed"]
    assert {event.fields["zone_source"][0] for event in claims} == {"number"}
    assert all(event.fields["tzdata_version"] and event.fields["window_applied"] for event in claims)
    # agents who recorded nothing within the wrap-up time
    recorded = [event.fields for event in log.of("spring") if event.name == "DispositionRecorded"]
    assert {fields["agent"] == "" for fields in recorded if fields["disposition"] == "No disposition"} >= {
        True
    }
    # no phone number in any log
    logs = list(rig.data.glob("*.log"))
    assert len(logs) >= 3
    assert not any(b"+1212" in file.read_bytes() for file in logs)
    # another group's campaign waits for its own dialer
    assert [event.name for event in log.of("other")][-1] == "CampaignStarted"


async def test_whatever_is_killed_nobody_is_dialled_twice_and_no_outcome_is_lost(rig: Rig) -> None:
    await rig.campaign("spring", 220, max_calls=20)
    dialers = [rig.launch("dialer"), rig.launch("dialer")]
    await rig.begin("spring")

    await rig.until(lambda: len(rig.network.placed()) >= 40, "40 calls")
    (await rig.active(dialers)).end(signal.SIGKILL)
    placed = len(rig.network.placed())
    await rig.until(lambda: len(rig.network.placed()) >= placed + 30, "the standby dials")
    rig.processes[0].end(signal.SIGKILL)
    rig.launch("command")
    rig.network.kill()
    await asyncio.to_thread(rig.network.start)

    log = await rig.completed("spring")
    assert await rig.findings(log) == []
    epochs = {event.fields["dialer_epoch"] for event in log.of("spring") if event.name == "AttemptsClaimed"}
    assert len(epochs) >= 2


async def test_a_frozen_dialer_that_wakes_after_its_successor_took_over_dials_nobody(rig: Rig) -> None:
    await rig.campaign("spring", 180, max_calls=15)
    first, second = rig.launch("dialer"), rig.launch("dialer")
    await rig.begin("spring")
    await rig.until(lambda: len(rig.network.placed()) >= 40, "40 calls")
    frozen = await rig.active([first, second])
    other = second if frozen is first else first

    frozen.send(signal.SIGSTOP)
    await rig.until(lambda: rig.is_active(other), "the standby takes over")
    frozen.send(signal.SIGCONT)

    log = await rig.completed("spring")
    assert await rig.findings(log) == []
    ends = [event for event in log.of("spring") if event.name == "AttemptsEnded"]
    assert "Unknown" not in {outcome for event in ends for outcome in event.fields["outcome"]}


async def test_stop_bounds_what_is_still_dialled_and_a_clean_end_leaves_nothing_behind(rig: Rig) -> None:
    await rig.campaign("spring", 220, max_calls=20)
    dialer = rig.launch("dialer")
    await rig.begin("spring")
    await rig.until(lambda: len(rig.network.placed()) >= 40, "40 calls")

    stopped = await rig.halt("spring")

    log = await rig.settled("spring")
    assert await rig.findings(log) == []
    stop = next(event for event in log.of("spring") if event.sequence == stopped.last_sequence)
    placed = rig.network.placed()
    assert max(call.placed_us for call in placed) <= time_us(stop) + 2_000_000
    assert len(placed) < 220

    await rig.begin("spring")
    await rig.until(lambda: len(rig.network.placed()) >= len(placed) + 40, "40 calls more")
    assert dialer.end() == 0

    log = await rig.log()
    dialled = {call.attempt_id for call in rig.network.placed()}
    assert attempts_of(log, "spring", "AttemptsClaimed") == dialled | attempts_of(
        log, "spring", "AttemptsWithdrawn"
    )
    rig.launch("dialer")
    assert await rig.findings(await rig.completed("spring")) == []
