"""A version filled from memory equals the one that took the same events in one by one, whatever the history."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import count
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.donotcall import commands as dnc
from outdial.eventlog.ports import LogRecord
from outdial.messages.persons import PersonsBlock
from outdial.views.database import SCHEMA, connect
from outdial.views.fill.memory import Limits
from outdial.views.fill.states import NotFillable
from tests.integration.views.test_filters_agree import busy_campaign
from tests.kit.campaign import ALL, Campaign, begin, chunk, ready, running
from tests.kit.donotcall import Listed
from tests.kit.filled_views import TABLES, TIGHT, assert_same, fill, filling_of
from tests.kit.views import FakeBlocks, Views, log_records
from tests.unit.campaign.test_any_history import AnyHistory

NUMBERS = count(1)
LIMITS = (Limits(), Limits(attempts=2), Limits(attempts=4), Limits(states_bytes=150_000), TIGHT)
ODD = ("back\\slash", "tab\tand\nline\rends", "nul\0", '"quoted", {brace}', "\\N", "\\.", "राहुल", "")


@pytest.fixture
async def views(dsn: str) -> AsyncIterator[Views]:
    async with Views(dsn) as views:
        yield views


class AnyHistoryFilled(AnyHistory):
    """The histories of the domain's own property test, taken in both ways."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.campaign = Campaign(f"c{next(NUMBERS)}")
        self.size, self.limits = 1, Limits()

    @initialize(size=st.sampled_from([1, 7, 100]), limits=st.sampled_from(LIMITS))
    def cut(self, size: int, limits: Limits) -> None:
        self.size, self.limits = size, limits

    def teardown(self) -> None:
        asyncio.run(self.both_are_the_same())

    async def both_are_the_same(self) -> None:
        records = log_records(self.campaign.state.campaign_id, self.campaign.history)
        if records:
            async with Views(self.dsn) as views:
                await views.db.execute("TRUNCATE " + ", ".join(TABLES))
                await views.fold_in_batches(records, 100)
                await assert_same(views, await fill(views, records, self.size, self.limits))


def test_any_history_gives_the_same_tables(dsn: str) -> None:
    class InThisDatabase(AnyHistoryFilled):
        def __init__(self) -> None:
            super().__init__(dsn)

    run_state_machine_as_test(
        InThisDatabase,
        settings=hypothesis_settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def in_one_partition(chance: Random, *histories: Sequence[LogRecord]) -> list[LogRecord]:
    """The histories of several streams, mixed as chance will; each keeps its order."""
    left = [list(history) for history in histories]
    found: list[LogRecord] = []
    while left := [history for history in left if history]:
        found.append(chance.choice(left).pop(0)._replace(offset=len(found)))
    return found


def give(campaign: Campaign, command: c.Command, command_id: str = "", grace_s: int = 0) -> None:
    """Apply what comes of a command, if it is accepted; a delete confirms what it would delete."""
    if isinstance(command, c.DeleteRecords):
        command = replace(command, confirm_affected=campaign.preview(command).affected)
    decided = campaign.decide(command, command_id, delete_grace_s=grace_s)
    if not isinstance(decided, Rejection):
        campaign.apply(decided)


def erasing_campaign(name: str) -> Campaign:
    """A busy campaign that is reset, forced and undone, loses records in every way, and has uploads come to nothing."""
    campaign = busy_campaign(Random(name), name, "Asia/Kolkata")
    give(campaign, c.StopCampaign())
    give(campaign, c.ResetCampaign(ALL), "reset-1")
    give(campaign, c.UndoCommand("reset-1"))
    give(campaign, c.ResetCampaign((Filter(record_id=tuple(range(6, 40))),)), "reset-2")
    campaign.upload(20, "u4")
    called = tuple(np.flatnonzero(campaign.state.book.claims)[:3].tolist())
    assert called, "their attempts go with them"
    for number, (records, grace_s) in enumerate([((*called, 61), 0), ((3, 4, 62), 60), ((5, 63), 60)]):
        give(campaign, c.DeleteRecords((Filter(record_id=records),)), f"delete-{number}", grace_s)
    give(campaign, c.UndoCommand("delete-1"))
    for upload in ("u5", "u6"):
        campaign.accept(begin(upload))
        campaign.accept(chunk(upload, 0, 7, invalid_row=[9], invalid_column=["a\tb"], invalid_code=["empty"]))
        campaign.accept(
            c.AbandonUpload(upload, campaign.now_us) if upload == "u5" else c.WithdrawUpload(upload)
        )
    campaign.start()
    campaign.dial("Congestion", 64, 65, 66)
    campaign.claim(67, 68)
    give(campaign, c.WithdrawAttempts(1, [67], [1]))
    give(campaign, campaign.end_of("Busy", 67))
    campaign.dial("Answered", 69)
    give(campaign, c.ExcludeRecords([70, 71], ["Expired", "DoNotCall"]))
    give(campaign, c.ForceComplete(), "force-1")
    give(campaign, campaign.end_of("NoAnswer", 68))
    give(campaign, c.UndoCommand("force-1"))
    for holder in ("view", "log"):
        give(campaign, c.ConfirmErasure("delete-0", holder))
    return campaign


def test_the_erasing_campaign_has_every_event_that_changes_records() -> None:
    kinds = {type(event) for event, _ in erasing_campaign("spring").history}
    assert kinds >= {
        *(e.CampaignReset, e.CampaignForceCompleted, e.RecordsDeleted, e.CommandUndone, e.RecordsErased),
        *(e.UploadAbandoned, e.UploadRejected, e.AttemptsWithdrawn, e.AttemptsCorrected, e.RecordsExcluded),
        *(e.AttemptsClaimed, e.AttemptsEnded, e.DispositionRecorded, e.ErasureConfirmed),
    }


@pytest.mark.parametrize(
    ("size", "limits"), [(500, LIMITS[0]), *((40, some) for some in LIMITS), (3, LIMITS[1])]
)
async def test_campaigns_and_a_list_that_share_a_partition(views: Views, size: int, limits: Limits) -> None:
    listed = Listed()
    listed.add(*range(1, 6), block_id="dnc:national/u1/7/r", source="october.csv")
    listed.accept(dnc.RemoveFromDoNotCall([2]))
    histories = [log_records(name, erasing_campaign(name).history) for name in ("autumn", "spring")]
    records = in_one_partition(Random(size), *histories, log_records("dnc:national", listed.history))
    views.blocks.erased = {"spring/u1/0/x": {0, 1}, "autumn/u4/0/x": set(range(500))}
    views.blocks.end = len(records)

    await views.fold_in_batches(records, 100)

    await assert_same(views, await fill(views, records, size, limits))


class OddBlocks(FakeBlocks):
    """Names and extra columns are what people have in files, one row for each of them."""

    async def read(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        block = await super().read(block_id, offset, partition)
        assert block is not None
        names = [ODD[row % len(ODD)] for row in block.block_row]
        return replace(block, name=names, columns=ODD[:3], extra=[names[::-1], names, names])


@pytest.mark.parametrize("way", ["filled", "event by event"])
async def test_whatever_stands_in_a_file_stands_in_the_views(views: Views, way: str) -> None:
    views.blocks = OddBlocks()
    records = log_records("spring", ready(records=len(ODD)).history)
    schema = SCHEMA
    if way == "filled":
        schema = (await fill(views, records, 100)).schema
    else:
        await views.fold(records)

    found = await views.db.execute(f"SELECT name, extra FROM {schema}.records ORDER BY record")  # noqa: S608  # ours
    rows = await found.fetchall()
    known = [text.replace("\0", "\ufffd") for text in ODD]
    assert [row["name"] for row in rows] == known
    backwards = [ODD[row % len(ODD)] for row in range(500)][::-1]
    first = [text.replace("\0", "\ufffd") for text in backwards]
    assert [row["extra"] for row in rows] == [
        dict(zip(known, (first[place], name, name), strict=False)) for place, name in enumerate(known)
    ]


async def test_a_filled_version_has_the_indexes_and_keys_of_every_other(views: Views) -> None:
    made = await fill(views, log_records("spring", running().history), 100)

    of = "SELECT replace(indexdef, schemaname, '') AS made FROM pg_indexes WHERE schemaname = %s ORDER BY 1"
    filled, others = [await (await views.db.execute(of, [one])).fetchall() for one in (made.schema, SCHEMA)]
    assert filled == others
    keys = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = %s::regnamespace ORDER BY conname, 1"
    )
    filled, others = [await (await views.db.execute(keys, [one])).fetchall() for one in (made.schema, SCHEMA)]
    assert [list(key.values())[1:] for key in filled] == [list(key.values())[1:] for key in others]


def claimed_twice(campaign: Campaign) -> list[tuple[e.Event, int]]:
    claim = next(event for event, _ in campaign.history if isinstance(event, e.AttemptsClaimed))
    return [*campaign.history, (claim, campaign.now_us)]


async def test_what_no_history_of_ours_holds_is_left_to_the_fold_event_by_event(views: Views) -> None:
    campaign = running()
    campaign.dial("Busy", 1)
    for records in (
        log_records("spring", claimed_twice(campaign)),
        log_records("spring", [*campaign.history, (e.UploadCommitted("never", 1, 1, 0, 0), campaign.now_us)]),
        log_records(
            "spring", [*campaign.history, (e.AttemptsEnded(1, [2], outcome=["Busy"], agent=["\0"]), 1)]
        ),
    ):
        with pytest.raises(NotFillable):
            await fill(views, records, 100)


async def test_of_many_attempts_only_some_are_held(views: Views) -> None:
    campaign = running(records=20)
    for _ in range(3):
        campaign.wait(86_400)
        campaign.dial("AnsweringMachine", *range(1, 21))
    records = log_records("spring", campaign.history)
    await views.fold_in_batches(records, 100)
    made = await fill(views, records, 1, Limits(attempts=10))
    await assert_same(views, made)

    async with await connect(views.dsn, (await fill(views, [], 1)).schema) as db:
        filling = filling_of(views, db, Limits(attempts=10))
        await filling.begin()
        for record in records:
            await filling.apply(0, [record])
            assert filling.held_attempts <= 20
