"""Do-not-call lists in the views: what the fold of the domain says is on a list, the tables show."""

import pytest

from outdial.donotcall import commands as c
from outdial.donotcall.numbers import number_of, phone_of
from outdial.eventlog.ports import IntegrityError
from outdial.views import do_not_call, erasures, parking, queries
from tests.kit.donotcall import Listed
from tests.kit.views import Views, log_records

STREAM = "dnc:national"


def filled() -> Listed:
    """Blocks of the view kit hold number +9198<block><row>."""
    listed = Listed()
    listed.add(*range(1, 6), block_id=f"{STREAM}/u1/7/r", source="october.csv")
    listed.add(5, 6, 6, block_id=f"{STREAM}/u1/8/r", attempt_id="spring.17.1")
    return listed


def phone(block: int, row: int) -> str:
    return f"+9198{block}{row:07d}"


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_the_tables_show_what_is_on_the_list(dsn: str, size: int) -> None:
    listed = filled()
    listed.accept(c.RemoveFromDoNotCall([2]))
    records = log_records(STREAM, listed.history)
    async with Views(dsn) as views:
        await views.fold_in_batches(records, size)

        row = await do_not_call.one_list(views.db, "national")
        assert row is not None
        assert (row["name"], row["sequence"], row["numbers"]) == (
            "National register",
            listed.state.sequence,
            len(listed.state.entries),
        )
        shown = await do_not_call.numbers(views.db, "national", 0, 100)
        assert [one["entry"] for one in shown] == list(listed.state.entries)
        assert phone_of(shown[-1]["number"]) == phone(8, 1)
        assert (shown[0]["source"], shown[-1]["attempt_id"]) == ("october.csv", "spring.17.1")
        assert await queries.sequence(views.db, STREAM) == listed.state.sequence
        assert (await views.fold(records)).events == 0


async def test_a_number_is_found_on_every_list_and_on_any_of_them(dsn: str) -> None:
    listed, other = filled(), Listed("other")
    other.add(1, block_id="dnc:other/u1/7/r")
    async with Views(dsn) as views:
        await views.fold(log_records(STREAM, listed.history))
        await views.fold(log_records("dnc:other", other.history, partition=1))

        found = await do_not_call.entries(views.db, [number_of(phone(7, 0))])
        assert [(row["list"], row["entry"]) for row in found] == [("national", 1), ("other", 1)]
        asked = [number_of(phone(block, row)) for block, row in ((7, 0), (8, 1), (9, 0))]
        assert await do_not_call.listed(views.db, asked) == set(asked[:2])
        assert [row["sequence"] for row in await do_not_call.lists(views.db)] == [3, 2]


async def test_without_a_list_no_number_is_on_one(dsn: str) -> None:
    async with Views(dsn) as views:
        assert await do_not_call.listed(views.db, [number_of(phone(7, 0))]) == set()


async def test_what_was_taken_off_is_owed_to_be_erased_until_it_is_done(dsn: str) -> None:
    listed = filled()
    listed.accept(c.ClearDoNotCallList(6), command_id="off")
    async with Views(dsn) as views:
        await views.fold(log_records(STREAM, listed.history))

        assert await views.table("do_not_call_numbers") == []
        assert [(one.campaign, one.erasure_id) for one in await erasures.owed(views.db, 2**60)] == [
            (STREAM, "off")
        ]
        listed.accept(c.ConfirmErasure("off", "view"))
        listed.accept(c.ConfirmErasure("off", "log"))
        await views.fold(log_records(STREAM, listed.history))
        assert await views.table("erasures") == []


async def test_a_number_that_is_gone_from_its_block_must_be_taken_off_later(dsn: str) -> None:
    listed = filled()
    history = list(listed.history)
    listed.accept(c.RemoveFromDoNotCall([3]))
    records = log_records(STREAM, listed.history)
    async with Views(dsn) as views:
        views.blocks.erased[f"{STREAM}/u1/7/r"] = {2}
        views.blocks.end = records[-1].offset + 1
        await views.fold(records[: len(history)])
        assert len(await views.table("missing_persons")) == 1
        await views.fold(records)

        assert await views.table("missing_persons") == []
        assert await parking.parked(views.db) == set()


async def test_a_gap_in_a_list_is_an_alarm(dsn: str) -> None:
    records = log_records(STREAM, filled().history)
    async with Views(dsn) as views:
        with pytest.raises(IntegrityError):
            await views.fold([records[0], records[2]])


async def test_what_cannot_follow_parks_the_list_and_no_campaign(dsn: str) -> None:
    listed = filled()
    records = log_records(STREAM, [*listed.history, listed.history[0]])
    async with Views(dsn) as views:
        await views.fold(records)

        assert await parking.parked(views.db) == {STREAM}
