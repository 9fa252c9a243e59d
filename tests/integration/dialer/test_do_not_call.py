"""Do-not-call lists and the dialer on real parts: who is on a list when the call would be placed is not called."""

import signal
from collections.abc import Iterable
from typing import Any

from outdial.campaign.settings import Disposition, RetryRule
from tests.kit.dialling import Rig, attempts_of
from tests.kit.log_reading import Log

WISH = "Do not call"
ONLY_WISHES: dict[str, Any] = {  # of everybody who answers
    "dispositions": (Disposition(WISH, "do-not-call"),),
    "default_disposition": WISH,
}


def phone(record: int) -> str:
    """The number of a record of the rig's campaigns."""
    return f"+1212{record - 1:07d}"


def dialled(rig: Rig, stream: str) -> set[int]:
    """Records of a campaign that the network was asked to call."""
    placed = (call.attempt_id.rsplit(".", 2) for call in rig.network.placed())
    return {int(record) for name, record, _ in placed if name == stream}


def excluded(log: Log, stream: str) -> set[int]:
    """Records that became final because their number is on a list."""
    found = [event.fields for event in log.of(stream) if event.name == "RecordsExcluded"]
    pairs = (pair for one in found for pair in zip(one["record"], one["reason"], strict=True))
    return {record for record, reason in pairs if reason == "DoNotCall"}


def wishes(log: Log, streams: Iterable[str]) -> set[str]:
    """Attempts whose disposition was the wish not to be called."""
    found = [
        (stream, event.fields)
        for stream in streams
        for event in log.of(stream)
        if event.name == "DispositionRecorded"
    ]
    return {
        f"{stream}.{one['record']}.{one['attempt']}" for stream, one in found if one["disposition"] == WISH
    }


async def test_who_is_on_a_list_is_not_called_and_the_campaign_does_not_wait_for_them(rig: Rig) -> None:
    await rig.campaign("spring", 60)
    listed = set(range(1, 61, 3))
    await rig.do_not_call("national", [phone(record) for record in listed])
    rig.launch("dialer")
    await rig.begin("spring")

    log = await rig.completed("spring")

    assert dialled(rig, "spring") == set(range(1, 61)) - listed
    assert excluded(log, "spring") == listed
    claims = [event.fields for event in log.of("spring") if event.name == "AttemptsClaimed"]
    assert min(one["do_not_call_version"] for one in claims) == 2
    assert await rig.findings(log) == []


async def test_who_comes_onto_a_list_while_a_campaign_runs_is_called_no_more_by_this_dialer_or_the_next(
    rig: Rig,
) -> None:
    await rig.campaign("spring", 200, max_calls=5)
    first = rig.launch("dialer")
    await rig.begin("spring")
    await rig.until(lambda: len(rig.network.placed()) >= 20, "20 calls")

    version = await rig.do_not_call("national", [phone(record) for record in range(101, 201)])
    first.end(signal.SIGKILL)
    second = rig.launch("dialer")
    await rig.until(lambda: rig.knows_lists(second, version), "the lists are folded")
    before = dialled(rig, "spring")

    log = await rig.completed("spring")
    assert not (dialled(rig, "spring") - before) & set(range(101, 201))
    assert excluded(log, "spring") >= set(range(101, 201)) - before
    assert await rig.findings(log) == []


async def test_a_campaign_does_not_wait_for_the_later_call_of_somebody_who_comes_onto_a_list(
    rig: Rig,
) -> None:
    later = tuple(RetryRule(outcome, 9, 3600) for outcome in ("Busy", "NoAnswer", "AnsweringMachine"))
    done = (Disposition("Done", "final-success"),)
    await rig.campaign("spring", 80, retry=later, dispositions=done, default_disposition="Done")
    rig.launch("dialer")
    await rig.begin("spring")
    await rig.until(lambda: len(rig.network.placed()) == 80, "everybody is called once")
    await rig.settled("spring")

    await rig.do_not_call("national", [phone(record) for record in range(1, 81)])

    log = await rig.completed("spring", timeout_s=30.0)
    assert len(excluded(log, "spring")) > 10
    assert len(rig.network.placed()) == 80
    assert await rig.findings(log) == []


async def test_a_wish_goes_on_the_internal_list_once_whoever_is_killed_and_holds_for_every_campaign(
    rig: Rig,
) -> None:
    await rig.campaign("spring", 80, max_calls=20, **ONLY_WISHES)
    await rig.campaign("other", 80, **ONLY_WISHES)
    dialer = rig.launch("dialer")
    await rig.begin("spring")
    await rig.until(lambda: len(rig.network.placed()) >= 30, "30 calls")
    dialer.end(signal.SIGKILL)
    rig.processes[0].end(signal.SIGKILL)
    rig.launch("command")
    rig.launch("dialer")
    asked = wishes(await rig.completed("spring"), ["spring"])
    assert len(asked) > 10

    await rig.begin("other")
    log = await rig.completed("other")
    await rig.until_wished(wishes(log, ["spring", "other"]))
    log = await rig.log()

    added = [event.fields["attempt_id"] for event in log.of("dnc:internal") if event.name == "NumbersAdded"]
    assert sorted(added) == sorted(wishes(log, ["spring", "other"]))
    unwilling = {int(attempt.split(".")[1]) for attempt in asked}
    assert not dialled(rig, "other") & unwilling
    assert excluded(log, "other") == unwilling
    assert await rig.findings(log) == []
    assert attempts_of(log, "other", "AttemptsClaimed")
