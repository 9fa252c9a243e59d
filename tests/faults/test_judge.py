"""The judge of the harness: a true log passes, and each way of breaking it is found."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from deploy.local.platform import LocalPlatform
from tests.faults.running import folder_of
from tests.faults.stage import Setting, staged
from tests.kit.log_checker import check_log
from tests.kit.log_reading import Entry, Log, read_log
from tests.kit.settled_log import Told, check_settled

SEED = 7
ENOUGH = 150
Breach = Callable[[Log, list[Told]], None]


@pytest.fixture(scope="module")
def log_and_told(platform: LocalPlatform) -> tuple[Log, list[Told]]:
    """The log of a load without any fault, at rest, and what its clients heard."""
    return asyncio.run(recorded(platform))


async def recorded(platform: LocalPlatform) -> tuple[Log, list[Told]]:
    async with staged(Setting(platform, folder_of(platform, "judge"), SEED)) as stage:
        await stage.recovered(0.0, times=ENOUGH)
        assert await stage.load.rest(30.0) == []
        kafka = stage.deployment.kafka
        return await read_log(kafka.bootstrap, kafka.prefix), list(stage.ledger.told)


def last_changed(log: Log) -> Entry:
    """An accepted answer with events, not the last of its stream."""
    found = [entry for entry in log.results if entry.fields["remember"] and entry.fields["changed"]]
    return found[len(found) // 2]


def lose_an_event(log: Log, told: list[Told]) -> None:
    del log.events[len(log.events) // 2]


def double_an_event(log: Log, told: list[Told]) -> None:
    log.events.insert(10, log.events[9])


def swap_events_of_a_stream(log: Log, told: list[Told]) -> None:
    first, second = [at for at, event in enumerate(log.events) if event.key == log.events[0].key][3:5]
    log.events[first], log.events[second] = log.events[second], log.events[first]


def edit_an_event(log: Log, told: list[Told]) -> None:
    event = log.events[5]
    log.events[5] = replace(event, headers={**event.headers, "ce_actor": b"eve"})


def append_what_nobody_asked_for(log: Log, told: list[Told]) -> None:
    cause = log.events[5].header("ce_causationid")
    log.commands[:] = [command for command in log.commands if command.header("ce_id") != cause]


def lose_an_answer(log: Log, told: list[Told]) -> None:
    log.results.remove(last_changed(log))


def answer_twice(log: Log, told: list[Told]) -> None:
    log.results.append(last_changed(log))


def answer_in_another_way(log: Log, told: list[Told]) -> None:
    entry = last_changed(log)
    other = {**entry.fields, "accepted": False, "code": "nothing-to-dial", "changed": False}
    log.results[log.results.index(entry)] = replace(entry, fields=other)


def tell_what_was_never_committed(log: Log, told: list[Told]) -> None:
    told[3] = {**told[3], "decided_us": 1}


BREACHES: Sequence[Breach] = (
    lose_an_event,
    double_an_event,
    swap_events_of_a_stream,
    edit_an_event,
    append_what_nobody_asked_for,
    lose_an_answer,
    answer_twice,
    answer_in_another_way,
    tell_what_was_never_committed,
)


def test_a_true_log_passes(log_and_told: tuple[Log, list[Told]]) -> None:
    log, told = log_and_told

    assert [*check_log(log), *check_settled(log, told)] == []
    assert len(log.events) > 100


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.__name__)
def test_each_breach_is_found(log_and_told: tuple[Log, list[Told]], breach: Breach) -> None:
    log, told = log_and_told
    copy = replace(log, commands=[*log.commands], events=[*log.events], results=[*log.results])
    heard = [*told]

    breach(copy, heard)

    assert [*check_log(copy), *check_settled(copy, heard)] != []
