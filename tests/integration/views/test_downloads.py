"""Downloads from real views: what PostgreSQL formats is what our writer makes, and nothing is left running."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Json

from outdial.campaign.filter import Filter
from outdial.files.download import (
    COPY_FORM,
    FORMATS,
    DownloadAbout,
    DownloadBroken,
    DownloadOptions,
    csv_select,
    record_columns,
    write_copied,
)
from outdial.views import versions
from outdial.views.database import connect_blocking
from outdial.views.download import CELLS, CampaignUnknown, ZoneUnknown, extra_cell, open_copy, open_rows
from services.api.ports import DownloadOrder
from services.api.snapshots import Snapshots
from tests.kit.until import until

EXTRA = ("City", 'a "quoted" %s name\\')
COLUMNS = record_columns(EXTRA)
SQL = {**{name: extra_cell(name) for name in EXTRA}, **CELLS}
ALL = (Filter(),)
ZONES = (
    *("Asia/Kolkata", "Europe/London", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe"),
    *("America/St_Johns", "America/Caracas", "Africa/Monrovia", "Pacific/Apia"),
)
_SPECIAL = st.text(st.sampled_from(",\";\t\r\n=+-@\uff1d\uff0b\uff0d\uff20' \\.a1"), max_size=8)
_ANY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_NAMED = st.sampled_from(["\\.", ";", "NULL", "\\N", "2026-01-01 10:00:00+00", "'=1", "+1555", "-1", '""'])
TEXT = st.one_of(st.just(""), _SPECIAL, _ANY, _NAMED)
_NEARLY = st.sampled_from(
    ["+1_000", "+12 ", "+0x1F", "+012", "+1", "+-1", "+1+1", "+1234567890123456", "+\uff11\uff12", "=1", "12"]
)
PHONE = st.one_of(st.from_regex(r"\A\+[1-9][0-9]{1,14}\Z"), _NEARLY, TEXT)
INSTANT = st.one_of(st.just(0), st.integers(1, 4_102_444_800_000_000))
ROW = st.fixed_dictionaries(
    {
        "phone": PHONE,
        **dict.fromkeys(("name", "agent", "skill", "disposition", "last_agent", "city", "other"), TEXT),
        **dict.fromkeys(("expires", "last", "next", "created", "updated"), INSTANT),
    }
)


def filled(dsn: str, zone: str, rows: Sequence[dict[str, Any]]) -> None:
    """Views with one campaign `c` that has these records, and an upload that is not committed."""
    with connect_blocking(dsn) as db, db.transaction():
        db.execute("TRUNCATE campaigns, uploads, records, record_states, campaign_counts")
        told = Json({"name": "C", "time_zone": zone, "columns": list(EXTRA)})
        db.execute("INSERT INTO campaigns VALUES ('c', 0, 'Completed', 1, 7, 1, 1, NULL, NULL, %s)", [told])
        for upload, is_committed in (("=u", True), ("open", False)):
            db.execute(
                "INSERT INTO uploads VALUES ('c', %s, 'committed', %s, 1, 9, 9, 9, 0, 0, '', '', 1, 1, 'f', '', 1,"
                " 'skip', 'accept-valid', '{}', '{}', 'a')",
                [upload, is_committed],
            )
        with db.cursor() as cursor:
            numbered = [(n, row, "=u") for n, row in enumerate(rows, 1)]
            cursor.executemany(
                "INSERT INTO records VALUES ('c', %s, %s, 1, %s, %s, 5, %s, %s, %s, 'GB', %s, %s)",
                [
                    (
                        n,
                        upload,
                        r["phone"],
                        r["name"],
                        r["expires"],
                        r["agent"],
                        r["skill"],
                        _extra(r),
                        r["created"],
                    )
                    for n, r, upload in [*numbered, *[(n + 1_000_000, r, "open") for n, r, _ in numbered]]
                ],
            )
            cursor.executemany(
                "INSERT INTO record_states (campaign, record, last_attempt_us, next_attempt_us, updated_us,"
                " disposition, last_agent) VALUES ('c', %s, %s, %s, %s, %s, %s)",
                [
                    (n, r["last"], r["next"], r["updated"], r["disposition"], r["last_agent"])
                    for n, r, _ in numbered
                ],
            )
        db.execute(
            "INSERT INTO campaign_counts VALUES ('c', 'Pending', '', false, false, %s, 0)", [len(rows)]
        )


def _extra(row: dict[str, Any]) -> Json:
    return Json({EXTRA[0]: row["city"], EXTRA[1]: row["other"]} if row["other"] else {EXTRA[0]: row["city"]})


def about(zone: str, rows: int) -> DownloadAbout:
    return DownloadAbout("c", "c@7", "", 1_772_323_200_000_000, zone, rows)


def formatted_by_postgresql(dsn: str, zone: str, options: DownloadOptions) -> bytes:
    select = csv_select(COLUMNS, SQL, zone, options)
    snapshot = open_copy(dsn, "c", ALL, lambda _: select, COPY_FORM)
    return b"".join(write_copied(COLUMNS, about(zone, snapshot.rows), snapshot.batches, options))


def written_by_python(dsn: str, zone: str, options: DownloadOptions) -> bytes:
    cells = [f"nullif({SQL[one.name]}, 0)" if one.kind == "instant" else SQL[one.name] for one in COLUMNS]
    snapshot = open_rows(dsn, "c", ALL, lambda _: ", ".join(cells))
    return b"".join(FORMATS["csv"].write(COLUMNS, about(zone, snapshot.rows), snapshot.batches, options))


@pytest.fixture
def views(dsn: str) -> str:
    asyncio.run(versions.prepare(dsn))
    return dsn


@given(
    rows=st.lists(ROW, min_size=1, max_size=12),
    zone=st.sampled_from(ZONES),
    exact=st.booleans(),
    bom=st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_formatted_by_postgresql_is_byte_for_byte_what_our_writer_makes(
    views: str, rows: list[dict[str, Any]], zone: str, *, exact: bool, bom: bool
) -> None:
    filled(views, zone, rows)
    options = DownloadOptions(bom, exact)
    assert formatted_by_postgresql(views, zone, options) == written_by_python(views, zone, options)


def plain_rows(count: int) -> list[dict[str, Any]]:
    texts = dict.fromkeys(("name", "agent", "skill", "disposition", "last_agent", "city", "other"), "x" * 40)
    instants = dict.fromkeys(("expires", "last", "next", "created", "updated"), 1_772_323_200_000_000)
    return [{"phone": f"+4479{n:08d}", **texts, **instants} for n in range(count)]


@pytest.mark.parametrize("kind", ["csv", "xml", "xlsx", "pdf"])
async def test_a_client_that_goes_away_frees_the_query(views: str, kind: str) -> None:
    filled(views, "Europe/London", plain_rows(6_000))
    file = await Snapshots(views, frozenset()).open(DownloadOrder("c", ALL, "", kind))
    next(file.blocks)
    assert others(views)
    close(file.blocks)
    await until(lambda: not others(views), "no query of the download is left")


async def test_a_download_that_nobody_begins_to_read_frees_the_query(views: str) -> None:
    filled(views, "Europe/London", plain_rows(6_000))
    file = await Snapshots(views, frozenset()).open(DownloadOrder("c", ALL, "", "csv"))
    assert others(views)
    close(file.blocks)
    await until(lambda: not others(views), "no query of the download is left")


@pytest.mark.parametrize("kind", ["csv", "xml", "xlsx", "pdf"])
async def test_a_database_that_goes_away_midway_fails_the_file(views: str, kind: str) -> None:
    filled(views, "Europe/London", plain_rows(40_000))
    file = await Snapshots(views, frozenset()).open(DownloadOrder("c", ALL, "", kind))
    next(file.blocks)
    with psycopg.connect(views, autocommit=True) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(psycopg.OperationalError):
        list(file.blocks)


def test_other_rows_than_the_counts_announced_break_the_file(views: str) -> None:
    filled(views, "UTC", plain_rows(3))
    with connect_blocking(views) as db:
        db.execute("UPDATE campaign_counts SET total = 4")
    with pytest.raises(DownloadBroken, match="4 rows were announced and 3 came"):
        formatted_by_postgresql(views, "UTC", DownloadOptions())


async def test_a_zone_that_the_database_does_not_know_is_said(views: str) -> None:
    filled(views, "Outer/Space", plain_rows(3))
    with pytest.raises(ZoneUnknown):
        open_copy(views, "c", ALL, lambda _: "r.record", COPY_FORM)
    await until(lambda: not others(views), "the connection is given back")


async def test_a_campaign_that_is_not_there_is_said(views: str) -> None:
    with pytest.raises(CampaignUnknown):
        open_rows(views, "nobody", ALL, lambda _: "r.record")
    await until(lambda: not others(views), "the connection is given back")


def others(dsn: str) -> int:
    """How many connections the database has besides this one."""
    with psycopg.connect(dsn, autocommit=True) as db:
        row = db.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
        return int(row[0]) if row else 0


def close(blocks: Iterator[bytes]) -> None:
    blocks.close()  # type: ignore[attr-defined]
