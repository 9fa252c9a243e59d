"""Looks for words in every byte of an installation's files, those inside of compressed ones too."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from aiokafka.errors import CorruptRecordException
from aiokafka.record import MemoryRecords


def files_with(folder: Path, words: str) -> list[str]:
    """Every file below the folder that holds the words, in either of two encodings of text; digits also as a bigint."""
    wanted = [words.encode(), words.encode("utf-16-le")]
    if words.isdigit():
        wanted += [int(words).to_bytes(8, order) for order in ("little", "big")]
    found = []
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            try:
                content = file.read_bytes()
            except OSError:
                continue  # removed meanwhile
            if any(one in part for part in _parts(file, content) for one in wanted):
                found.append(str(file.relative_to(folder)))
    return found


def _parts(file: Path, content: bytes) -> Iterator[bytes]:
    """The bytes as they stand, then what a segment of the broker or an archive holds compressed."""
    yield content
    if ".log" in file.suffixes:  # also one that is about to be removed, or just compacted
        yield from _records(content)
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def _records(segment: bytes) -> Iterator[bytes]:
    """Keys, values and headers of every batch, unpacked; what stands behind the last whole one is no record."""
    batches = MemoryRecords(segment)
    try:
        while batches.has_next() and (batch := batches.next_batch()) is not None:
            for record in batch:
                yield b"\0".join(
                    (record.key or b"", record.value or b"", *(v or b"" for _, v in record.headers))
                )
    except CorruptRecordException:
        return
