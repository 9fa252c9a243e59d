"""Reports become history in batches, and are acknowledged only when they are in the log."""

import asyncio

from outdial.campaign.commands import EndAttempts, RecordDisposition
from outdial.telephony.port import DisposedCall, EndedCall, call_id
from tests.kit.campaign import running
from tests.kit.dialer_twin import EPOCH, Twin


def ended(record: int, **facts: int | str) -> EndedCall:
    attempt_id = f"spring.{record}.1"
    known: dict[str, int | str] = {"cause": 17, "sip_code": 486}
    return EndedCall(call_id(attempt_id), attempt_id, **{**known, **facts})  # type: ignore[arg-type]  # by name


def up(records: int) -> Twin:
    campaign = running(records)
    campaign.claim(*range(1, records + 1), epoch=EPOCH)
    return Twin(campaign)


async def test_ends_that_come_together_are_one_command_with_their_evidence() -> None:
    twin = up(60)
    facts: dict[str, int | str] = {
        "ring_us": 1,
        "answer_us": 2,
        "connect_us": 3,
        "hangup_us": 4,
        "cause": 16,
        "sip_code": 200,
        "agent": "asha",
    }

    taken = await asyncio.gather(
        twin.reports.take([ended(record) for record in range(1, 31)]),
        twin.reports.take([ended(record, **facts) for record in range(31, 61)]),
    )

    assert [len(part) for part in taken] == [30, 30]
    (command,) = twin.writer.sent(EndAttempts)
    assert isinstance(command, EndAttempts)
    assert (len(command.record), command.outcome[0], command.outcome[-1]) == (60, "Busy", "Answered")
    last = [
        column[-1] for column in (command.ring_us, command.answer_us, command.connect_us, command.hangup_us)
    ]
    assert (last, command.cause[-1], command.sip_code[-1], command.agent[-1]) == (
        [1, 2, 3, 4],
        16,
        200,
        "asha",
    )
    assert (command.dialer_epoch, command.pass_number[-1]) == (EPOCH, 1)
    assert twin.campaign.state.book.tally.open == 0


async def test_a_report_is_acknowledged_only_after_its_result_and_sent_again_until_then() -> None:
    twin = up(1)
    twin.writer.away = 2

    assert await twin.reports.take([ended(1)]) == [ended(1)]

    ids = {request.command_id for request in twin.writer.requests}
    assert len(twin.writer.requests) == 3
    assert len(ids) == 1
    assert twin.names() == ["AttemptsClaimed", "AttemptsEnded"]


async def test_a_lost_answer_does_not_make_an_outcome_twice() -> None:
    twin = up(1)
    twin.writer.lose = 1

    assert await twin.reports.take([ended(1)]) == [ended(1)]

    assert twin.names() == ["AttemptsClaimed", "AttemptsEnded"]


async def test_a_repeated_report_needs_no_command() -> None:
    twin = up(1)
    await twin.reports.take([ended(1)])

    assert await twin.reports.take([ended(1)]) == [ended(1)]

    assert len(twin.writer.requests) == 1


async def test_a_disposition_is_one_command_however_often_it_is_reported() -> None:
    twin = up(1)
    await twin.reports.take([ended(1, cause=16, sip_code=200, answer_us=1, connect_us=2)])
    report = DisposedCall("x/disposition", call_id("spring.1.1"), "spring.1.1", "Callback", "asha", 12_345)

    both = await asyncio.gather(twin.reports.take([report]), twin.reports.take([report]))

    assert list(both) == [[report], [report]]
    (command,) = twin.writer.sent(RecordDisposition)
    assert command == RecordDisposition(1, 1, "Callback", "asha", 12_345)
    assert twin.writer.requests[-1].command_id == "x/disposition"


async def test_what_the_log_refuses_for_good_is_not_reported_for_ever() -> None:
    twin = up(1)
    strange = EndedCall("a" * 32, "spring.77.1", cause=17)
    foreign = EndedCall("b" * 32, "no attempt of ours", cause=17)
    unknown = DisposedCall("y", call_id("spring.1.1"), "spring.1.1", "Sold the moon", "asha")

    assert await twin.reports.take([strange, foreign, unknown]) == [strange, foreign, unknown]

    assert twin.names() == ["AttemptsClaimed"]


async def test_no_report_is_no_command() -> None:
    twin = up(1)

    assert await twin.reports.take([]) == []
    assert twin.writer.requests == []
