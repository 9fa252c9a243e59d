"""What every telephone network owes the dialer, whatever adapter reaches it. Here: the simulator over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from outdial.telephony.carrier import CarrierSettings, CarrierTelephony
from outdial.telephony.outcomes import outcome_of
from outdial.telephony.port import (
    Desk,
    DeskDisposition,
    Ended,
    EndedCall,
    Live,
    NeverSeen,
    Originate,
    Placement,
    Report,
    Telephony,
    TelephonyUnreachable,
    Unreachable,
    call_id,
)
from outdial.telephony.wire import report_id
from tests.kit.listening import Listening
from tests.kit.simulated import SimulatedNetwork

SECOND_US = 1_000_000
DESK = Desk(("asha",), (DeskDisposition("Sold", "final-success"),))
Call = Callable[..., Originate]


def now_us() -> int:
    return time.time_ns() // 1000


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedNetwork]:
    found = SimulatedNetwork(tmp_path_factory.mktemp("network"), OUTDIAL_SIMULATOR_SPEED="300")
    found.start()
    yield found
    found.stop()


@pytest.fixture
async def telephony(network: SimulatedNetwork) -> AsyncIterator[Telephony]:
    found = CarrierTelephony(CarrierSettings(network.url))
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def listening(telephony: Telephony) -> AsyncIterator[Listening]:
    found = Listening()
    await telephony.listen(await found.start())
    yield found
    await found.stop()


@pytest.fixture
def call(request: pytest.FixtureRequest) -> Call:
    """Makes a call of a campaign that is the test's own."""

    def made(record: int = 1, before_us: int | None = None) -> Originate:
        attempt_id = f"{request.node.name.replace('_', '-')[:60]}.{record}.1"
        until_us = now_us() + 2 * SECOND_US if before_us is None else before_us
        return Originate(attempt_id, call_id(attempt_id), f"+1212555{record:04d}", "", 30, until_us, "", DESK)

    return made


async def test_a_call_is_placed_live_and_then_ended(
    telephony: Telephony, listening: Listening, call: Call
) -> None:
    placed = call()

    assert await telephony.originate([placed]) == [Placement.PLACED]
    assert await telephony.look_up([placed.call_id], void=False) == [Live()]
    await listening.until(lambda: bool(listening.ended()))

    ended = listening.ended()[0]
    assert (ended.call_id, ended.attempt_id) == (placed.call_id, placed.attempt_id)
    assert outcome_of(ended)
    assert await telephony.look_up([placed.call_id], void=True) == [Ended(ended)]


async def test_answers_come_in_the_order_of_the_calls(
    telephony: Telephony, listening: Listening, call: Call
) -> None:
    calls = [call(record, before_us=0 if record % 3 == 0 else None) for record in range(1, 451)]

    answers = await telephony.originate(calls)

    assert answers == [Placement.LATE if n % 3 == 0 else Placement.PLACED for n in range(1, 451)]
    await listening.until(lambda: len({one.call_id for one in listening.ended()}) >= 300)


async def test_a_known_id_is_never_dialled_again(
    telephony: Telephony, listening: Listening, call: Call, network: SimulatedNetwork
) -> None:
    placed, late = call(1), call(2, before_us=0)
    first = await telephony.originate([placed, late])
    await listening.until(lambda: any(one.call_id == placed.call_id for one in listening.ended()))

    again = await telephony.originate([placed, call(2)])

    assert first == again == [Placement.PLACED, Placement.LATE]
    dialled = [one.attempt_id for one in network.placed()]
    assert dialled.count(placed.attempt_id) == 1
    assert late.attempt_id not in dialled


async def test_twenty_originates_of_one_id_at_once_are_one_call(
    telephony: Telephony, call: Call, network: SimulatedNetwork
) -> None:
    placed = call()

    answers = await asyncio.gather(*(telephony.originate([placed]) for _ in range(20)))

    assert answers == [[Placement.PLACED]] * 20
    assert [one.attempt_id for one in network.placed()].count(placed.attempt_id) == 1


@pytest.mark.parametrize("late_us", [0, 1, 60 * SECOND_US])
async def test_a_late_originate_is_refused_for_good(telephony: Telephony, call: Call, late_us: int) -> None:
    late = call(before_us=now_us() - late_us)

    assert await telephony.originate([late]) == [Placement.LATE]
    assert await telephony.look_up([late.call_id], void=False) == [NeverSeen(voided=True)]


async def test_a_voided_id_can_never_be_placed(telephony: Telephony, call: Call) -> None:
    unknown = call()

    assert await telephony.look_up([unknown.call_id], void=False) == [NeverSeen(voided=False)]
    assert await telephony.look_up([unknown.call_id], void=True) == [NeverSeen(voided=True)]
    assert await telephony.originate([unknown]) == [Placement.VOID]
    assert await telephony.look_up([unknown.call_id], void=False) == [NeverSeen(voided=True)]


async def test_void_and_originate_at_the_same_instant_agree(telephony: Telephony, call: Call) -> None:
    for record in range(1, 41):
        one = call(record)
        (answer,), (seen,) = await asyncio.gather(
            telephony.originate([one]), telephony.look_up([one.call_id], void=True)
        )
        assert (answer is Placement.VOID) == (seen == NeverSeen(voided=True))


async def test_reports_come_again_until_they_are_acknowledged(telephony: Telephony, call: Call) -> None:
    seen: dict[str, int] = {}

    def third_time(report: Report) -> bool:
        seen[report_id(report)] = seen.get(report_id(report), 0) + 1
        return seen[report_id(report)] >= 3

    listening = Listening(third_time)
    await telephony.listen(await listening.start())
    placed = call()
    await telephony.originate([placed])
    await listening.until(lambda: seen.get(f"{placed.call_id}/ended", 0) >= 3)
    count = seen[f"{placed.call_id}/ended"]
    other = call(2)
    await telephony.originate([other])
    await listening.until(lambda: seen.get(f"{other.call_id}/ended", 0) >= 3)

    assert seen[f"{placed.call_id}/ended"] == count == 3
    await listening.stop()


async def test_a_new_listener_gets_what_the_old_one_did_not_acknowledge(
    telephony: Telephony, call: Call
) -> None:
    deaf, other = Listening(lambda report: False), Listening()
    await telephony.listen(await deaf.start())
    placed = call()
    await telephony.originate([placed])
    await deaf.until(lambda: placed.call_id in {one.call_id for one in deaf.ended()})

    await telephony.listen(await other.start())

    await other.until(lambda: placed.call_id in {one.call_id for one in other.ended()})
    await deaf.stop()
    await other.stop()


async def test_agents_results_come_as_reports_with_an_id_of_their_own(
    telephony: Telephony, listening: Listening, call: Call
) -> None:
    await telephony.originate([call(record) for record in range(1, 41)])

    await listening.until(lambda: len(listening.disposed()) >= 5)

    answered = {one.call_id for one in listening.ended() if outcome_of(one) == "Answered"}
    assert {one.disposition for one in listening.disposed()} == {"Sold"}
    assert {one.call_id for one in listening.disposed()} <= answered
    assert len({one.event_id for one in listening.disposed()}) == len(listening.disposed())


async def test_the_clock_is_measured(telephony: Telephony) -> None:
    offset = await telephony.clock()

    assert offset.low_us <= 0 <= offset.high_us  # the same machine
    assert offset.worst_us < SECOND_US


async def test_a_network_that_does_not_answer_leaves_everything_open(call: Call) -> None:
    nobody = CarrierTelephony(CarrierSettings("http://127.0.0.1:9", timeout_s=0.5))
    await nobody.start()

    assert await nobody.originate([call(1), call(2)]) == [Placement.UNKNOWN] * 2
    assert await nobody.look_up(["a" * 32], void=True) == [Unreachable()]
    with pytest.raises(TelephonyUnreachable):
        await nobody.clock()
    with pytest.raises(TelephonyUnreachable):
        await nobody.listen("http://127.0.0.1:9/")
    await nobody.stop()


def test_a_call_is_told_apart_from_its_phone_number(call: Call) -> None:
    assert "+1212555" not in repr(call())  # never in a log line
    assert isinstance(call(), Originate) and not isinstance(call(), EndedCall)
