"""A downloaded file can be sent back as an upload: what a record came with comes out again."""

from pathlib import Path

import pytest

from outdial.files.download import FORMATS, DownloadAbout, DownloadOptions, record_columns
from outdial.files.upload import UploadRules, ValidRow
from tests.unit.files.uploads import read

ZONE = "America/New_York"
RULES = UploadRules("US", ZONE, columns=("City", "Order no"))
NEW_YEAR_US = 1_893_474_000_000_000  # 2030-01-01T00:00:00-05:00
ROWS = [
    ValidRow(
        2,
        "+12125550100",
        "=1+1",
        99,
        NEW_YEAR_US - 1_000_000,
        "a1",
        "sales",
        "America/New_York",
        ("Leeds", "007"),
    ),
    ValidRow(3, "+12125550101", 'O\'Brien, "Sinéad"', 1, None, "", "", "America/New_York", ("", "-5")),
    ValidRow(
        4,
        "+919876543210",
        "राहुल _x0041_",
        5,
        NEW_YEAR_US + 3_600_000_000,
        "",
        "",
        "Asia/Calcutta",
        ("=x", ""),
    ),
    ValidRow(5, "+12125550103", "", 7, NEW_YEAR_US - 1_000_000, "", "", "America/New_York", ("TRUE", "1e5")),
]


def _download(kind: str, options: DownloadOptions) -> bytes:
    columns = record_columns(RULES.columns)
    rows = [
        (
            *(i, row.phone, row.name, row.priority, row.expires_us, row.agent, row.skill, *row.extra),
            *("Fail", "Busy", None, "a9", 3, NEW_YEAR_US, None, 1, "up-1", NEW_YEAR_US, NEW_YEAR_US),
        )
        for i, row in enumerate(ROWS, start=1)
    ]
    about = DownloadAbout("spring", "spring@9", "", NEW_YEAR_US, ZONE, len(rows))
    return b"".join(FORMATS[kind].write(columns, about, [rows], options))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("csv", DownloadOptions()),
        ("csv", DownloadOptions(bom=True)),
        ("csv", DownloadOptions(exact=True)),
        ("xlsx", DownloadOptions()),
    ],
)
def test_the_same_records_come_out_again(tmp_path: Path, kind: str, options: DownloadOptions) -> None:
    path = tmp_path / f"download.{kind}"
    path.write_bytes(_download(kind, options))
    got = read(path, RULES)
    assert got.rows == ROWS
    assert got.invalid == []
    assert got.header.ignored_columns[:3] == ("RecordId", "Status", "Reason")
    assert len(got.header.ignored_columns) == 12
