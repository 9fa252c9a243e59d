"""Header names of any bytes. Kafka takes them, aiokafka (pinned version) cannot read a batch that has one that is no
UTF-8: not its record, nor any behind it, so that one foreign message would stop its partition for good.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final, SupportsIndex

import aiokafka.consumer.fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

LENGTH_AT: Final = 8
OVERHEAD: Final = 12  # bytes of a batch that its length does not count (Kafka's message format 2)


class AnyRecords:
    """What a fetch brought, batch by batch, as aiokafka's own `MemoryRecords`."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._records = MemoryRecords(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> "AnyBatch":
        """The next whole batch."""
        start = self._at
        (length,) = struct.unpack_from(">i", self._data, start + LENGTH_AT)
        self._at = start + OVERHEAD + length
        return AnyBatch(self._records.next_batch(), memoryview(self._data)[start : self._at])


class AnyBatch:
    """One batch. Read again from its bytes, slowly, where a header name is no text."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch, self._data = batch, data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        record = None
        try:
            for record in self._batch:
                yield record
        except UnicodeDecodeError:
            given = -1 if record is None else record.offset
            yield from (record for record in _read_again(self._data) if record.offset > given)


class _AnyText(bytes):
    """Bytes that are decoded whatever they are, as is what is cut from them."""

    def __getitem__(self, at: SupportsIndex | slice) -> Any:
        found = super().__getitem__(at)
        return _AnyText(found) if isinstance(found, bytes) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, "replace")


def _read_again(data: memoryview) -> Iterator[Any]:
    batch: Any = _DefaultRecordBatchPy(data)
    batch._maybe_uncompress()
    batch._buffer = _AnyText(batch._buffer)
    return iter(batch)


def install() -> None:
    """Let every consumer of this process read them."""
    aiokafka.consumer.fetcher.MemoryRecords = AnyRecords
