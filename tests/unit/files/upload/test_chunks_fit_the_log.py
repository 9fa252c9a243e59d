"""Whatever the rows hold, a chunk's personal data fits into one message of the log."""

import csv
from pathlib import Path

import pytest

from outdial.client.upload import Upload, records_block, rejected_block
from outdial.files.upload import UploadChunk
from outdial.files.upload.parse import parse_upload
from outdial.messages.codec import Codec
from outdial.messages.persons import MAX_BYTES, encode_block
from tests.unit.files.uploads import LIMITS, NOW_US, india

LETTERS = ("n", "é", "न", "\U0001f600")
COLUMNS = tuple(f"Column {n}" for n in range(90))


def _chunks(path: Path, columns: tuple[str, ...]) -> list[UploadChunk]:
    parts = parse_upload(path, india(columns=columns), LIMITS, NOW_US)
    return [part for part in parts if isinstance(part, UploadChunk)]


def _write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _sizes(chunks: list[UploadChunk], columns: tuple[str, ...]) -> list[int]:
    upload, codec = Upload("c", "u-0123456789", "local", columns, ("PhoneNumber", *columns)), Codec()
    made = [records_block(upload, chunk.rows, lambda length: b"s" * length) for chunk in chunks]
    made += [rejected_block(upload, chunk.invalid, lambda length: b"s" * length) for chunk in chunks]
    return [len(encode_block(codec, block)) for block in made]


@pytest.mark.parametrize("letter", LETTERS)
def test_rows_as_long_as_they_may_be(tmp_path: Path, letter: str) -> None:
    rows = [["PhoneNumber", "Notes"], *([f"98765{i:05d}", letter * 1_990] for i in range(600))]
    chunks = _chunks(_write(tmp_path / "a.csv", rows), ("Notes",))
    assert sum(len(chunk.rows) for chunk in chunks) == 600
    assert max(_sizes(chunks, ("Notes",))) <= MAX_BYTES


def test_refused_rows_of_many_long_cells(tmp_path: Path) -> None:
    cells = ["\U0001f600" * 2_500] * len(COLUMNS)
    rows = [["PhoneNumber", *COLUMNS], *([f"98765{i:05d}", *cells] for i in range(40))]
    chunks = _chunks(_write(tmp_path / "a.csv", rows), COLUMNS)
    assert [row.code for chunk in chunks for row in chunk.invalid] == ["row-too-long"] * 40
    assert all(len(row.cells) == 1 + len(COLUMNS) for chunk in chunks for row in chunk.invalid)
    assert max(_sizes(chunks, COLUMNS)) <= MAX_BYTES


def test_short_rows_fill_their_chunks(tmp_path: Path) -> None:
    rows = [["PhoneNumber", "Notes"], *([f"98765{i:05d}", "n" * 100] for i in range(1_200))]
    assert [len(chunk.rows) for chunk in _chunks(_write(tmp_path / "a.csv", rows), ("Notes",))] == [
        500,
        500,
        200,
    ]
