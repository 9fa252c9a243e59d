"""The sample: what its summary says is what reading it finds."""

from collections import Counter
from pathlib import Path

import pytest

from outdial.files.sample import SAMPLE_COLUMNS, SAMPLE_REGION, SAMPLE_ZONE, write_sample
from outdial.files.sample.phones import sample_phone
from outdial.files.upload import UploadRules
from outdial.files.upload.phones import phone_of
from tests.unit.files.uploads import read

RULES = UploadRules(SAMPLE_REGION, SAMPLE_ZONE, columns=SAMPLE_COLUMNS)


@pytest.mark.parametrize(("rows", "seed"), [(1, 1), (12, 1), (100, 2), (2_000, 1), (2_000, 7)])
def test_reading_a_sample_finds_what_its_summary_says(tmp_path: Path, rows: int, seed: int) -> None:
    summary = write_sample(tmp_path / "sample.xlsx", rows, seed)
    got = read(tmp_path / "sample.xlsx", RULES)
    assert (summary.rows, summary.valid, summary.invalid) == (
        got.summary.read,
        got.summary.valid,
        got.summary.invalid,
    )
    assert (summary.duplicates, summary.blank) == (got.summary.duplicates, got.summary.blank)
    assert summary.codes == Counter(row.code for row in got.invalid)
    assert all(not row.further for row in got.invalid)
    assert got.header.ignored_columns == ("Status",)
    assert got.header.sheet == "Contacts"


def test_a_sample_of_2000_has_every_kind_of_dirt(tmp_path: Path) -> None:
    summary = write_sample(tmp_path / "sample.xlsx", 2_000, 1)
    assert (summary.valid, summary.invalid, summary.duplicates, summary.blank) == (1_840, 120, 40, 20)
    got = read(tmp_path / "sample.xlsx", RULES)
    names = " ".join(row.name for row in got.rows)
    assert all(part in names for part in ("O'Brien", "राहुल", "محمد", "王小明", "=1+1"))
    assert {row.expires_us is None for row in got.rows} == {True, False}


def test_the_same_seed_gives_the_same_rows(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_sample(tmp_path / name, 300, 5)
    first, second = (read(tmp_path / name, RULES) for name in ("a.xlsx", "b.xlsx"))
    assert (first.rows, first.invalid) == (second.rows, second.invalid)


def test_sample_numbers_are_valid_and_distinct() -> None:
    wanted = [*range(0, 150_000, 37), *range(990_000, 1_000_000, 999)]
    phones = [sample_phone(index) for index in wanted]
    assert len(set(phones)) == len(phones)
    assert [
        phone for phone in phones if (found := phone_of(phone, "GB")) is None or found.e164 != phone
    ] == []


@pytest.mark.parametrize("rows", [0, 1_000_001])
def test_a_sample_has_its_bounds(tmp_path: Path, rows: int) -> None:
    with pytest.raises(ValueError, match="1,000,000"):
        write_sample(tmp_path / "sample.xlsx", rows)
