"""One message with a header name that is no text takes nothing else with it."""

import gzip
import struct

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from outdial.eventlog.header_names import AnyRecords

LENGTH_AT, CRC_AT, CODEC_AT, RECORDS_AT = 8, 17, 22, 61  # of a batch of format 2
GZIP = 1


def batch(first: int, names: list[str], *, packed: bool = False) -> bytes:
    """A batch with one record for each name of a header; `bad-name` is written with bytes that are no UTF-8."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 20)
    for at, name in enumerate(names):
        headers = [("ce_id", b"%d" % at), (name, None)]
        builder.append(at, 1_000 + at, key=b"spring", value=b"v%d" % at, headers=headers)
    built = bytearray(builder.build())
    struct.pack_into(">q", built, 0, first)
    built[:] = built.replace(b"bad-name", b"bad\xff\xfeame")
    if packed:
        built[RECORDS_AT:] = gzip.compress(built[RECORDS_AT:])
        built[CODEC_AT] |= GZIP
        struct.pack_into(">i", built, LENGTH_AT, len(built) - LENGTH_AT - 4)
    struct.pack_into(">I", built, CRC_AT, calc_crc32c(built[CRC_AT + 4 :]))
    return bytes(built)


def read(data: bytes) -> list[tuple[int, bytes, str]]:
    records, found = AnyRecords(data), []
    while records.has_next():
        one = records.next_batch()
        assert one.validate_crc()
        found += [(record.offset, record.value, record.headers[1][0]) for record in one]
    return found


@pytest.mark.parametrize("packed", [False, True])
def test_the_message_itself_and_those_behind_it_are_read(packed: bool) -> None:
    data = batch(7, ["a", "bad-name", "b", "bad-name", "c"], packed=packed) + batch(12, ["d"], packed=packed)

    assert read(data) == [
        (7, b"v0", "a"),
        (8, b"v1", "bad\ufffd\ufffdame"),
        (9, b"v2", "b"),
        (10, b"v3", "bad\ufffd\ufffdame"),
        (11, b"v4", "c"),
        (12, b"v0", "d"),
    ]


def test_without_it_they_are_not() -> None:
    """What the client does by itself: when this passes no more, `header_names` is needed no more."""
    with pytest.raises(UnicodeDecodeError):
        list(MemoryRecords(batch(7, ["a", "bad-name", "b"])).next_batch() or ())


def test_what_is_all_text_is_read_by_the_client_itself() -> None:
    data = batch(0, ["a", "ü"]) + batch(2, ["b"])

    assert read(data) == [(0, b"v0", "a"), (1, b"v1", "ü"), (2, b"v0", "b")]
    records = AnyRecords(data)
    assert records.size_in_bytes() == len(data)
    assert records.next_batch().next_offset == 2
