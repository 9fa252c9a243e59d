"""What is deleted leaves the database's files, in every view version: the current, the kept, the one being filled."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from deploy.local.platform import LocalPlatform
from outdial.campaign import commands as c
from outdial.campaign.filter import Filter
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord
from outdial.views import versions
from outdial.views.database import Row, connect
from outdial.views.erasures import Owed
from outdial.views.fold import Folding
from outdial.views.reading import FactReader
from services.projection.erasures import Erasures
from tests.kit.campaign import Campaign, begin, chunk, ready
from tests.kit.files_with import files_with
from tests.kit.views import CODEC, Views, log_records

CANARY = "quillfeather"  # an upload: its rows are people called `quillfeather 0 0` and so on
PERSON = f"{CANARY} 0 1"
KEPT = f"{CANARY} 0 2"
OWED = [Owed("spring", "delete-1")]


class Told(Erasures):
    """Notes what it would confirm to the log."""

    def __init__(self, dsn: str) -> None:
        super().__init__(KafkaConfig("127.0.0.1:1"), 4, dsn, 3600)
        self.confirmed: list[Owed] = []

    async def _confirm(self, owed: Sequence[Owed]) -> None:
        self.confirmed += owed

    async def look(self) -> int:
        async with await connect(self._dsn) as db:
            return await self.erase(db)


@pytest.fixture
async def views(dsn: str) -> AsyncIterator[Views]:
    async with Views(dsn) as views:
        yield views


@pytest.fixture
def files(platform: LocalPlatform) -> Path:
    return platform.folder / "database"


def with_people() -> Campaign:
    campaign = ready(records=0)
    campaign.upload(3, CANARY, block_id=f"spring/{CANARY}/0/x")
    return campaign


def log_of(campaign: Campaign) -> list[LogRecord]:
    return log_records("spring", campaign.history)


def delete(campaign: Campaign) -> None:
    campaign.accept(c.DeleteRecords((Filter(record_id=[2]),), confirm_affected=1), "delete-1")


async def fold_into(db: AsyncConnection[Row], views: Views, records: Sequence[LogRecord]) -> None:
    reader = FactReader(CODEC, views.blocks, learn_nothing, views.blocks.log_end)
    await Folding(db, reader).apply(0, records)


async def learn_nothing(_: object) -> None:
    """The schema topic has nothing new."""


async def switched(views: Views, records: Sequence[LogRecord]) -> None:
    """A second version with the same history is current, the first is kept."""
    made = await versions.begin(views.dsn)
    async with await connect(views.dsn, made.schema) as db:
        await fold_into(db, views, records)
    assert await versions.switch(views.dsn, made.number)


async def test_a_deleted_person_is_gone_from_the_kept_version_too(views: Views, files: Path) -> None:
    campaign = with_people()
    await views.fold(log_of(campaign))
    await switched(views, log_of(campaign))
    assert files_with(files, PERSON), "the search finds"
    delete(campaign)
    await views.fold(log_of(campaign))

    eraser = Told(views.dsn)
    await eraser.look()

    assert eraser.confirmed == OWED
    assert files_with(files, PERSON) == []
    assert files_with(files, KEPT)
    assert await eraser.look() == 1, "owed until the log says that it was heard"


async def test_only_what_can_hold_rows_of_the_campaign_is_written_anew(views: Views) -> None:
    """Meanwhile nobody can read it: campaigns in other partitions, and lists, are not held up."""
    campaign = with_people()
    await views.fold(log_of(campaign))
    before = await files_of_tables(views)
    delete(campaign)
    await views.fold(log_of(campaign))

    await Told(views.dsn).look()

    after = await files_of_tables(views)
    written = {name.rpartition("_")[0] for name in after if after[name] != before[name]}
    assert len([name for name in after if after[name] != before[name]]) == 3
    assert written == {"records", "attempts", "rejected"}, (
        "a quarter of each of the first two, all of the third"
    )
    home = await views.db.execute("SELECT DISTINCT tableoid::regclass::text AS part FROM records")
    (part,) = await home.fetchall()
    assert after[part["part"]] != before[part["part"]]


async def files_of_tables(views: Views) -> dict[str, int]:
    """The file of each table and partition with rows of its own."""
    found = await views.db.execute(
        "SELECT oid::regclass::text AS name, pg_relation_filenode(oid) AS file FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    return {row["name"]: row["file"] for row in await found.fetchall()}


async def test_rows_of_an_upload_that_comes_to_nothing_go_from_every_version(
    views: Views, files: Path
) -> None:
    campaign = ready(records=1)
    campaign.accept(begin(CANARY))
    campaign.accept(chunk(CANARY, 0, 3))
    await views.fold(log_of(campaign))
    await switched(views, log_of(campaign))
    assert files_with(files, PERSON), "the search finds"
    campaign.accept(c.AbandonUpload(CANARY, campaign.now_us))
    await views.fold(log_of(campaign))

    eraser = Told(views.dsn)
    assert await eraser.look() == 1

    assert files_with(files, PERSON) == []
    assert (eraser.confirmed, await eraser.look()) == ([], 0), "nobody waits for it, and it is done once"


async def test_a_version_that_is_filled_holds_the_confirmation_back_until_it_has_heard_of_the_delete(
    views: Views, files: Path
) -> None:
    campaign = with_people()
    before = log_of(campaign)
    delete(campaign)
    await views.fold(log_of(campaign))
    eraser = Told(views.dsn)
    async with await connect(views.dsn) as filler:
        await versions.hold_filling(filler)
        await eraser.look()
        assert eraser.confirmed == [], "somebody is about to fill one"
        made = await versions.begin(views.dsn)
        await filler.execute("SELECT set_config('search_path', %s, false)", [made.schema])
        await fold_into(filler, views, before)
        await eraser.look()
        assert eraser.confirmed == []
        assert files_with(files, PERSON)

        await fold_into(filler, views, log_of(campaign))
        await eraser.look()

        assert eraser.confirmed == OWED
        assert files_with(files, PERSON) == []
    assert [one.state for one in await versions.listed(views.dsn)] == ["current", "filling"]


async def test_a_half_filled_version_whose_filling_died_is_dropped(views: Views, files: Path) -> None:
    campaign = with_people()
    made = await versions.begin(views.dsn)
    async with await connect(views.dsn, made.schema) as filler:
        await versions.hold_filling(filler)
        await fold_into(filler, views, log_of(campaign))
    delete(campaign)
    await views.fold(log_of(campaign))

    eraser = Told(views.dsn)
    await eraser.look()

    assert eraser.confirmed == OWED
    assert files_with(files, PERSON) == []
    assert [one.state for one in await versions.listed(views.dsn)] == ["current"]


async def test_what_a_rebuild_took_in_and_out_again_is_gone_after_its_switch(
    views: Views, files: Path
) -> None:
    """It read a block from before the erasure: nobody asks for a confirmation any more, the bytes go all the same."""
    campaign = with_people()
    delete(campaign)
    campaign.accept(c.ConfirmErasure("delete-1", "log"))
    campaign.accept(c.ConfirmErasure("delete-1", "view"))
    await switched(views, log_of(campaign))
    assert files_with(files, PERSON)

    eraser = Told(views.dsn)
    assert await eraser.look() == 1

    assert (eraser.confirmed, files_with(files, PERSON)) == ([], [])


async def test_the_statistics_of_the_database_hold_nobody(views: Views, files: Path) -> None:
    campaign = with_people()
    await views.fold(log_of(campaign))
    await views.db.execute("ANALYZE")
    delete(campaign)
    await views.fold(log_of(campaign))

    await Told(views.dsn).look()

    assert files_with(files, PERSON) == []
