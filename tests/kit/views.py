"""Histories of the domain as records of the log, folded into real views, and what the views then show."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from outdial.campaign.book import AWAITING, DELETED, OPEN
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import REASON_NAMES, STATUSES
from outdial.campaign.wire import to_fields
from outdial.eventlog.ports import LogRecord
from outdial.messages.codec import Codec
from outdial.messages.commitment import SALT_LENGTH
from outdial.messages.envelope import Envelope
from outdial.messages.persons import PersonsBlock
from outdial.views import queries, versions
from outdial.views.database import Row, connect
from outdial.views.fold import Folded, Folding
from outdial.views.reading import FactReader

Db = queries.Db
BLOCK_ROWS = 500
CODEC = Codec()


def log_records(
    campaign: str, history: Iterable[tuple[Any, int]], partition: int = 0, first_offset: int = 0
) -> list[LogRecord]:
    """The history of one campaign as a partition of the log holds it: every third offset is a marker's."""
    found = []
    for sequence, (event, at_us) in enumerate(history, 1):
        name = f"outdial.{type(event).__name__}"
        headers = Envelope(
            id=f"{campaign}@{sequence}",
            type=name,
            source="tests",
            subject=campaign,
            time_us=at_us,
            actor="local",
            sequence=sequence,
            causation_id=f"command-{sequence}",
        ).headers()
        offset = first_offset + (sequence - 1) + (sequence - 1) // 2
        value = CODEC.encode(name, to_fields(event))
        found.append(LogRecord(partition, offset, at_us, campaign.encode(), value, headers))
    return found


class FakeBlocks:
    """Blocks of as many rows as may be; `erased` are rows that are no longer in theirs."""

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.columns = tuple(columns)
        self.erased: dict[str, set[int]] = {}
        self.end = 0

    async def read(self, block_id: str, offset: int, partition: int) -> PersonsBlock | None:
        """Every block there is."""
        erased = self.erased.get(block_id, set())
        rows = [row for row in range(BLOCK_ROWS) if row not in erased]
        if not rows:
            return None
        stream, upload_id, block, _ = block_id.split("/")
        return PersonsBlock(
            stream=stream,
            upload_id=upload_id,
            kind="records",
            block_row=rows,
            salt=[bytes(SALT_LENGTH)] * len(rows),
            phone=[f"+9198{block}{row:07d}" for row in rows],
            name=[f"{upload_id} {block} {row}" for row in rows],
            columns=self.columns,
            extra=[[f"{name} {row}" for row in rows] for name in self.columns],
        )

    async def log_end(self, partition: int) -> int:
        """Where the log ends, as a test says."""
        return self.end


class Views:
    """Views in a database of their own, and a fold of them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.blocks = FakeBlocks()
        self._db: Db | None = None

    async def __aenter__(self) -> "Views":
        await versions.prepare(self.dsn)
        self._db = await connect(self.dsn)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.db.close()

    @property
    def db(self) -> Db:
        """The connection of the fold."""
        assert self._db is not None
        return self._db

    async def fold(self, records: Sequence[LogRecord], after: int = 0) -> Folded:
        """One batch of one partition."""
        reader = FactReader(CODEC, self.blocks, _learn_nothing, self.blocks.log_end)
        return await Folding(self.db, reader).apply(records[0].partition, records, after)

    async def fold_in_batches(self, records: Sequence[LogRecord], size: int) -> None:
        """Everything, `size` records at a time."""
        for start in range(0, len(records), size):
            await self.fold(records[start : start + size])

    async def shown(self, campaign: str) -> dict[int, Row]:
        """The visible records by number."""
        found = await queries.records(self.db, campaign, ("true", []), 0, 10_000)
        return {row["record"]: row for row in found}

    async def table(self, name: str) -> list[Row]:
        """A whole table, sorted by its first columns."""
        found = await self.db.execute(f"SELECT * FROM {name}")  # noqa: S608  # a name of ours
        return sorted(await found.fetchall(), key=str)


async def _learn_nothing(codec: Codec) -> None:
    """The schema topic of a test has nothing new."""


STATE = {
    "attempts": "attempts",
    "claims": "claims",
    "pass_number": "pass_number",
    "last_attempt_us": "last_attempt_us",
    "next_attempt_us": "due_us",
    "updated_us": "updated_us",
    "priority": "priority",
    "expires_us": "expires_us",
}


def book_record(state: CampaignState, number: int) -> dict[str, Any]:
    """What the record book knows of a record, as the views call it."""
    book = state.book
    flags = int(book.flags[number])
    return {
        **{name: int(getattr(book, column)[number]) for name, column in STATE.items()},
        "status": STATUSES[book.status[number]],
        "reason": REASON_NAMES[book.reason[number]],
        "disposition": book.dispositions[book.disposition[number]],
        "last_agent": book.agents[book.last_agent[number]],
        "agent": book.agents[book.agent[number]],
        "skill": book.skills[book.skill[number]],
        "is_open": bool(flags & OPEN),
        "is_awaiting": bool(flags & AWAITING),
    }


def book_records(state: CampaignState) -> dict[int, dict[str, Any]]:
    """The present records of the book by number."""
    numbers = [number for number, is_there in enumerate(state.book.present().tolist()) if is_there]
    return {number: book_record(state, number) for number in numbers}


def is_hidden(state: CampaignState, number: int) -> bool:
    """Whether a record is deleted."""
    return bool(state.book.flags[number] & DELETED)


def same_columns(
    shown: Mapping[int, Row], like: Mapping[int, Mapping[str, Any]]
) -> dict[int, dict[str, Any]]:
    """Rows of the views, only the columns that the other side has."""
    return {
        number: {name: row[name] for name in like[number]} if number in like else dict(row)
        for number, row in shown.items()
    }
