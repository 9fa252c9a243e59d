"""Limits of a workbook are kept by counting, whatever the file says of itself, and are told to the caller."""

import struct
from pathlib import Path

import pytest

from outdial.files.upload import UploadLimits
from tests.kit.workbooks import GOOD, HEADER, row, simple, text
from tests.unit.files.uploads import INDIA, LIMITS, refusal


def test_a_claim_of_millions_of_rows_is_refused_by_counting(tmp_path: Path) -> None:
    path = simple(
        tmp_path / "a.xlsx", HEADER, *[f"<row><c><v>{9876500000 + i}</v></c></row>" for i in range(3_000)]
    )
    assert refusal(path, INDIA.__class__("IN", "UTC", max_rows=2_000)).code == "too-many-rows"


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (UploadLimits(file_bytes=500), 500),
        (UploadLimits(unpacked_bytes=1_000), 1_000),
        (UploadLimits(zip_entries=3), 3),
    ],
)
def test_limits_are_told(tmp_path: Path, limits: UploadLimits, limit: int) -> None:
    rejected = refusal(simple(tmp_path / "a.xlsx", HEADER, GOOD), INDIA, limits)
    assert (rejected.code, rejected.fields["limit"]) == ("too-large", limit)


def test_a_part_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = simple(tmp_path / "a.xlsx", HEADER, *[row(i, text(f"98765{i:05d}")) for i in range(2, 2_000)])
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\x01\x02")
    struct.pack_into("<I", content, place + 24, 500)
    path.write_bytes(content)
    assert refusal(path, INDIA, LIMITS).code == "not-a-workbook"
