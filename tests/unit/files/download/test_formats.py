"""Formats by name, file names, and the columns of the contract."""

import re

import pytest

from outdial.files.download import FORMATS, DownloadAbout, file_name, record_columns
from outdial.files.download.cells import LocalTimes, each


def test_excel_is_xlsx() -> None:
    assert FORMATS["excel"] is FORMATS["xlsx"]
    assert list(FORMATS) == ["csv", "xlsx", "excel", "xml", "pdf"]


@pytest.mark.parametrize(
    "campaign", ["spring", "../../etc/passwd", "a b", "", "x" * 300, "CON", 'q"uote\r\nX: y']
)
def test_a_file_name_is_safe_whatever_the_campaign(campaign: str) -> None:
    name = file_name(DownloadAbout(campaign, "", "", 1_772_323_200_000_000, "Asia/Kolkata", 0), "csv")
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,110}-20260301-053000\.csv", name)


def test_the_columns_are_those_of_the_contract_in_its_order() -> None:
    assert [column.name for column in record_columns(["City", "Status2"])] == [
        *(
            "RecordId",
            "PhoneNumber",
            "Name",
            "Priority",
            "ExpiryDate",
            "AgentId",
            "Skill",
            "City",
            "Status2",
            "Status",
        ),
        *(
            "Reason",
            "Disposition",
            "LastAgentId",
            "Attempts",
            "LastAttemptAt",
            "NextAttemptAt",
            "Pass",
            "UploadId",
        ),
        *("CreatedAt", "UpdatedAt"),
    ]


@pytest.mark.parametrize(
    ("instant_us", "zone", "text", "serial"),
    [
        (0, "UTC", "1970-01-01T00:00:00+00:00", "25569"),
        (1_772_323_259_999_999, "Asia/Kolkata", "2026-03-01T05:30:59+05:30", "46082.2298495370"),
        (1_774_745_999_000_000, "Europe/London", "2026-03-29T00:59:59+00:00", "46110.0416550926"),
        (1_774_746_000_000_000, "Europe/London", "2026-03-29T02:00:00+01:00", "46110.0833333333"),
        (-1_000_000, "UTC", "1969-12-31T23:59:59+00:00", "25568.9999884259"),
    ],
)
def test_instants_are_local_times_to_the_second(instant_us: int, zone: str, text: str, serial: str) -> None:
    times = LocalTimes(zone)
    assert times.rfc3339(instant_us) == text
    assert float(times.serial(instant_us)) == pytest.approx(float(serial), abs=1e-9)


def test_values_that_repeat_are_made_once() -> None:
    made: list[object] = []

    def make(value: object) -> str:
        made.append(value)
        return f"<{value}>"

    assert each(["a", "b", "a", "a", None, "a"], make) == ["<a>", "<b>", "<a>", "<a>", "<None>", "<a>"]
    assert len(made) == 3
