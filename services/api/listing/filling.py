"""Numbers on their way to a do-not-call list, from a program's request or from a file; every row is accounted for."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from outdial.client.listing import Added, ListSession, Wish
from outdial.client.requests import CommandRejected
from outdial.donotcall.answers import numbers_text
from outdial.files.columns import PHONE
from outdial.files.upload import (
    InvalidRow,
    UploadChunk,
    UploadLimits,
    UploadReading,
    UploadRejected,
    UploadRules,
    read_upload,
)
from outdial.files.upload.phones import phone_of
from services.api import problems
from services.api.problems import Problem, row_texts

FIRST_FAULTS: Final = 100
REMEMBERED: Final = 100
INVALID, MISSING = "phone-invalid", "phone-missing"


class Opens(Protocol):
    """Begins an addition (bound to the log by bootstrap)."""

    def __call__(self, wish: Wish) -> ListSession: ...


@dataclass(frozen=True, slots=True)
class Filling:
    """Who adds what to which list. The same `command_id` with the same `content` is the same request."""

    wish: Wish
    region: str
    command_id: str
    content: bytes


@dataclass(slots=True)
class Receipt:
    """Every row accounted for: `read` = `added` + `duplicate` + `invalid`; the first faults by row."""

    read: int = 0
    invalid: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, row: int, code: str) -> None:
        """One row has no number."""
        self.invalid += 1
        if len(self.faults) < FIRST_FAULTS:
            self.faults.append({"row": row, "column": PHONE, "code": code, "text": row_texts()[code]})

    def told(self, added: Added) -> dict[str, Any]:
        """The receipt as it is answered."""
        counts = {"read": self.read, "added": added.added, "duplicate": added.duplicate}
        message = f"{numbers_text(added.added)} put on the list; {added.duplicate:,} on it already"
        message += f", {self.invalid:,} rows invalid." if self.invalid else "."
        return {**counts, "invalid": self.invalid, "errors": self.faults, "message": message}


@dataclass(frozen=True, slots=True)
class Filled:
    """A receipt, and where the list stood then."""

    told: dict[str, Any]
    sequence: int
    is_replayed: bool = False


class Fillings:
    """Adds numbers; remembers its newest answers, because the log counts a repeated number as one it has."""

    def __init__(self, opens: Opens, limits: UploadLimits, max_rows: int) -> None:
        self._opens, self.limits, self._max_rows = opens, limits, max_rows
        self._told: OrderedDict[tuple[str, str], tuple[bytes, Filled]] = OrderedDict()

    def earlier(self, filling: Filling) -> Filled | None:
        """The answer to the same request. Raises Problem `idempotency-key-reused` for another one."""
        known = self._told.get((filling.wish.list_id, filling.command_id))
        if known is None:
            return None
        if known[0] != filling.content:
            raise Problem("idempotency-key-reused", command_id=filling.command_id)
        return replace(known[1], is_replayed=True)

    async def numbers(self, filling: Filling, numbers: Sequence[str]) -> Filled:
        """Add numbers as people write them; the receipt. Raises Problem."""
        receipt, phones = Receipt(len(numbers)), []
        for row, text in enumerate(numbers, 1):
            if phone := plain_phone(text, filling.region):
                phones.append(phone)
            else:
                receipt.refuse(row, INVALID if text.strip() else MISSING)
        session = self._opens(filling.wish)
        async with _closing(session):
            await session.add(phones)
            return self._keep(filling, receipt, await session.finish())

    async def file(self, filling: Filling, path: Path) -> Filled:
        """Add the column PhoneNumber of a workbook or CSV file; other columns are not looked at. Raises Problem."""
        rules = UploadRules(
            region=filling.region,
            time_zone="UTC",
            new_columns="add",
            duplicates="allow",
            max_rows=self._max_rows,
        )
        receipt, session = Receipt(), self._opens(filling.wish)
        try:
            reading = await asyncio.to_thread(read_upload, path, rules, time.time_ns() // 1000, self.limits)
            async with _closing(session), _closed(reading):
                await _carry(reading, receipt, session, filling.region)
                return self._keep(filling, receipt, await session.finish())
        except UploadRejected as why:
            raise problems.of_file(why) from why

    def _keep(self, filling: Filling, receipt: Receipt, added: Added) -> Filled:
        filled = Filled(receipt.told(added), added.sequence)
        self._told[filling.wish.list_id, filling.command_id] = (filling.content, filled)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return filled


async def _carry(reading: UploadReading, receipt: Receipt, session: ListSession, region: str) -> None:
    chunks: Iterator[UploadChunk] = iter(reading)
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        receipt.read += len(chunk.rows) + len(chunk.invalid)
        phones = [row.phone for row in chunk.rows]
        for row in chunk.invalid:
            if phone := _phone_of_refused(row, reading.header.columns, region):
                phones.append(phone)
            else:
                receipt.refuse(row.row, row.code)
        await session.add(phones)


def _phone_of_refused(row: InvalidRow, columns: Sequence[str], region: str) -> str:
    """A row that a campaign would refuse for another column still says whom not to call."""
    if row.code in (INVALID, MISSING):
        return ""
    return plain_phone(row.cells[columns.index(PHONE)], region)


def plain_phone(text: str, region: str) -> str:
    """The number in E.164; empty for what is none in the region."""
    found = phone_of(text.strip(), region)
    return found.e164 if found else ""


@asynccontextmanager
async def _closing(session: ListSession) -> AsyncIterator[None]:
    """Forgets what is unanswered; what the log refused becomes a Problem."""
    try:
        yield
    except CommandRejected as rejection:
        raise problems.of_answer(rejection.answer) from rejection
    finally:
        await session.close()


@asynccontextmanager
async def _closed(reading: UploadReading) -> AsyncIterator[None]:
    """Ends the child that reads."""
    try:
        yield
    finally:
        await asyncio.to_thread(reading.close)
