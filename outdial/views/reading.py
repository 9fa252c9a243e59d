"""Reads records of the log as facts: decoded, with the personal data of new records, or with why that fails."""

from collections.abc import Awaitable, Callable
from typing import Any

from outdial.campaign import events as e
from outdial.campaign.wire import from_fields
from outdial.donotcall import wire as donotcall
from outdial.donotcall.events import NumbersAdded
from outdial.donotcall.lists import is_list
from outdial.eventlog.ports import LogRecord
from outdial.messages.codec import Codec, Undecodable, UnknownSchema
from outdial.messages.envelope import Envelope
from outdial.messages.persons import PersonsBlock
from outdial.views.columns import filled
from outdial.views.facts import Blocks, Fact, LogEnd

Learn = Callable[[Codec], Awaitable[object]]


class FactReader:
    """`learn` teaches the codec what the schema topic holds; `log_end` tells where a partition ends now."""

    def __init__(self, codec: Codec, blocks: Blocks, learn: Learn, log_end: LogEnd) -> None:
        self._codec, self._blocks, self._learn, self._log_end = codec, blocks, learn, log_end

    async def read(self, record: LogRecord) -> Fact:
        """One event. What is damaged becomes a fact with a problem. TimeoutError when its block does not come."""
        try:
            envelope = Envelope.of(record.headers)
            event = await self._event(envelope.subject, record.value or b"")
        except Undecodable as error:
            key = (record.key or b"").decode(errors="replace")
            return Fact(key, 0, record.partition, record.offset, 0, "", "", None, problem=str(error))
        fact = Fact(
            envelope.subject,
            envelope.sequence,
            record.partition,
            record.offset,
            envelope.time_us,
            envelope.actor,
            envelope.causation_id,
            event,
        )
        has_rows = isinstance(event, e.RecordsAdded | NumbersAdded) and entries_of(event)
        return await self._with_persons(fact, event) if has_rows else fact

    async def _event(self, stream: str, value: bytes) -> Any:
        try:
            name, found = self._codec.decode(value)
        except UnknownSchema:  # published before its first use, but perhaps after this process began
            await self._learn(self._codec)
            name, found = self._codec.decode(value)
        read = donotcall.from_fields if is_list(stream) else from_fields
        return read(name.removeprefix("outdial."), found)

    async def _with_persons(self, fact: Fact, event: e.RecordsAdded | NumbersAdded) -> Fact:
        block = await self._blocks.read(event.block_id, event.block_offset, fact.partition)
        missing = _missing(event, block)
        # The row was taken out after the event that says so was in the log: it stands before the end as of now.
        known_until = await self._log_end(fact.partition) if missing else 0
        return Fact(
            fact.campaign,
            fact.sequence,
            fact.partition,
            fact.offset,
            fact.at_us,
            fact.actor,
            fact.command_id,
            event,
            block,
            missing,
            known_until,
        )


def entries_of(event: e.RecordsAdded | NumbersAdded) -> range:
    """The records or entries that the event makes."""
    if isinstance(event, e.RecordsAdded):
        return range(event.first_record, event.first_record + len(event.row))
    return range(event.first_entry, event.first_entry + len(event.block_row))


def _missing(event: e.RecordsAdded | NumbersAdded, block: PersonsBlock | None) -> list[int]:
    """The records or entries that have no row in the block."""
    made = entries_of(event)
    count = len(made)
    if block is not None and len(block.block_row) >= count and not event.block_row:
        return []  # complete, and every row of it is a record
    places = filled(event.block_row, count, 0) if event.block_row else range(count)
    pairs = zip(made, places, strict=True)
    return [one for one, row in pairs if block is None or block.place(row) is None]
