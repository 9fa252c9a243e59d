"""Files that appear whole or not at all; streams of events."""

from pathlib import Path

import pytest

from outdial.client.cli.failing import Failed
from outdial.client.cli.part_file import part_file
from outdial.client.cli.watching import parsed


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    with part_file(path) as file:
        file.write(b"half")
        assert not path.exists()
        assert (tmp_path / "records.csv.part").exists()
    assert path.read_bytes() == b"half"
    assert [one.name for one in tmp_path.iterdir()] == ["records.csv"]


def test_a_failure_midway_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="broke"), part_file(path) as file:
        file.write(b"half")
        raise ValueError("broke")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["records.csv"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(Failed, match=r"nowhere/x\.csv cannot be written"),
        part_file(tmp_path / "nowhere" / "x.csv"),
    ):
        pass


def test_events_are_parsed_with_heartbeats_left_out_and_lines_of_data_joined() -> None:
    lines = [
        ": still here",
        "",
        "id: spring@4",
        "event: counts",
        'data: {"a":',
        "data: 1}",
        "",
        "data: {}",
        "",
    ]
    assert list(parsed(lines)) == [("spring@4", "counts", {"a": 1}), ("", "message", {})]
