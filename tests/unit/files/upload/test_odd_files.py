"""Every file of the corpus is refused with a reason, or read with every row accounted for."""

from pathlib import Path

import pytest

from outdial.files.upload import UploadRejected
from tests.kit.odd_files import ODD_FILES
from tests.unit.files.uploads import Read, india, read

RULES = india(columns=("City",))


def _read(name: str, folder: Path) -> Read | UploadRejected:
    try:
        return read(ODD_FILES[name].make(folder / "upload.xlsx"), RULES)
    except UploadRejected as why:
        return why


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_is_refused_with_a_reason_or_accounted_for(tmp_path: Path, name: str) -> None:
    expected = ODD_FILES[name]
    got = _read(name, tmp_path)
    if isinstance(got, UploadRejected):
        assert (got.code, expected.says in got.detail) == (expected.code, True), got.detail
        return
    assert expected.code == "", got
    assert (got.summary.valid, got.faults) == (expected.valid, expected.faults)
    assert [(found.phone, found.name) for found in got.rows][: len(expected.records)] == [*expected.records]
    assert got.summary.read == got.summary.valid + got.summary.duplicates + got.summary.invalid
    assert (len(got.rows), len(got.invalid)) == (expected.valid, len(expected.faults))
