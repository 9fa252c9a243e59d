"""A download's rows: one snapshot, read in batches as values or as COPY formats them, at flat memory."""

import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Generic, Self, TypeVar

import psycopg
from psycopg import sql
from psycopg.pq.abc import PGconn
from psycopg.rows import tuple_row

from outdial.campaign.filter import Filter
from outdial.views.database import Row, connect_blocking
from outdial.views.selecting import ALL, VISIBLE, condition

BATCH: Final = 1_000
TRIES: Final = 5
CANCEL_S: Final = 2.0
SILENT_S: Final = 60.0
BLOCK_BYTES: Final = 200_000
T = TypeVar("T")
Copied = tuple[int, bytes]
"""How many rows, and these rows as COPY writes them."""
Values = Sequence[tuple[Any, ...]]
Next = Callable[[], T | None]
Select = Callable[[Row], str]
Connection = psycopg.Connection[Row]

# What a download can hold of a record, as SQL: never NULL; instants in microseconds UTC, 0 for blank.
CELLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "RecordId": "r.record",
        "PhoneNumber": "r.phone",
        "Name": "r.name",
        "Priority": "r.priority",
        "ExpiryDate": "r.expires_us",
        "AgentId": "r.agent",
        "Skill": "r.skill",
        "Status": "s.status",
        "Reason": "s.reason",
        "Disposition": "s.disposition",
        "LastAgentId": "s.last_agent",
        "Attempts": "s.attempts",
        "LastAttemptAt": "s.last_attempt_us",
        "NextAttemptAt": "s.next_attempt_us",
        "Pass": "s.pass_number",
        "UploadId": "r.upload_id",
        "CreatedAt": "r.created_us",
        "UpdatedAt": "s.updated_us",
    }
)


class CampaignUnknown(Exception):
    """The views do not know the campaign."""


class ZoneUnknown(Exception):
    """The database does not know the campaign's time zone, so that it cannot format times in it."""


class Batches(Iterator[T]):
    """Rows, some at a time. The connection is given back at the end, at an error, and by `close`."""

    def __init__(self, stack: ExitStack, rows: Next[T]) -> None:
        self._stack, self._rows = stack, rows

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            batch = self._rows()
        except BaseException:
            self.close()
            raise
        if batch is None:
            self.close()
            raise StopIteration
        return batch

    def close(self) -> None:
        """End the query and its transaction, however much was read."""
        self._stack.close()


@dataclass(slots=True)
class Snapshot(Generic[T]):
    """The campaign and the number of matching records as of one moment; `batches` can be read once."""

    campaign: Row
    rows: int
    batches: Batches[T]


Chosen = tuple[str, list[Any]]
Begin = Callable[[Connection, ExitStack, Chosen], Next[T]]


def extra_cell(name: str) -> str:
    """An extra column of a record as SQL; blank where the record has none."""
    return f"coalesce(r.extra ->> {sql.Literal(name).as_string(None)}, '')".replace("%", "%%")


def open_rows(dsn: str, campaign_id: str, filters: Sequence[Filter], columns: Select) -> Snapshot[Values]:
    """Begin to read a select list, which may look at the campaign, in the order of the records.

    One repeatable-read transaction; it ends with the iteration, or when that is closed.
    Raises CampaignUnknown, psycopg.OperationalError. Blocking: call it in a thread.
    """
    return _open(dsn, (campaign_id, filters), columns, _values)


def open_copy(
    dsn: str, campaign_id: str, filters: Sequence[Filter], columns: Select, form: str
) -> Snapshot[Copied]:
    """The same with each row as COPY writes it, times in the campaign's zone; `form` are COPY's options.

    Raises ZoneUnknown besides.
    """

    def begin(connection: Connection, stack: ExitStack, chosen: Chosen) -> Next[Copied]:
        query, arguments = chosen
        _speak_local_time(connection, campaign_id)
        cursor = stack.enter_context(connection.cursor())
        stack.enter_context(cursor.copy(f"COPY ({query}) TO STDOUT {form}", arguments))
        stack.callback(_stop, connection)
        copied = _copied(connection.pgconn)
        return lambda: next(copied, None)

    return _open(dsn, (campaign_id, filters), columns, begin)


def _values(connection: Connection, stack: ExitStack, chosen: Chosen) -> Next[Values]:
    cursor = stack.enter_context(connection.cursor(name="download", binary=True, row_factory=tuple_row))
    cursor.execute(*chosen)
    return lambda: cursor.fetchmany(BATCH) or None


def _copied(server: PGconn) -> Iterator[Copied]:
    """The rows of a COPY that runs.

    Half the cost of psycopg's own loop, if no row is kept in its buffer: those are libpq's, and new ones are dear.
    """
    rows, block, following = 0, bytearray(), server.get_copy_data
    while True:
        size, row = following(1)
        if size > 0:
            block += row
            rows += 1
            if len(block) >= BLOCK_BYTES:
                yield rows, bytes(block)
                rows, block = 0, bytearray()
        elif size < 0:
            _check_end(server)
            break
        else:
            _wait_for_more(server)
    if rows:
        yield rows, bytes(block)


def _wait_for_more(server: PGconn) -> None:
    if not select.select([server.socket], [], [], SILENT_S)[0]:
        raise psycopg.OperationalError(f"the database was silent for {SILENT_S:.0f} s")
    server.consume_input()


def _check_end(server: PGconn) -> None:
    """Raise what ended a COPY, unless it came to its end."""
    while result := server.get_result():
        if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)


def _open(dsn: str, of: tuple[str, Sequence[Filter]], columns: Select, begin: Begin[T]) -> Snapshot[T]:
    """The query's names are right when the view version is the same before it began and after."""
    campaign_id, filters = of
    for _ in range(TRIES):
        with ExitStack() as stack:
            connection = stack.enter_context(connect_blocking(dsn))
            # one download is one process of the server, whatever else is asked of it
            connection.execute("SET max_parallel_workers_per_gather = 0")
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            version = _view_version(connection)
            campaign = _campaign(connection, campaign_id)
            text, values = condition(filters, campaign["settings"]["time_zone"], "created")
            chosen = f"{VISIBLE} AND {text}", [campaign_id, *values]
            rows = _count(connection, campaign_id, chosen, is_all=text == ALL)
            query = f"SELECT {columns(campaign)} {chosen[0]} ORDER BY r.record"
            following = begin(connection, stack, (query, chosen[1]))
            with connect_blocking(dsn) as beside:
                if _view_version(beside) == version:
                    return Snapshot(campaign, rows, Batches(stack.pop_all(), following))
    raise psycopg.OperationalError("the view version changes all the time")


def _count(connection: Connection, campaign_id: str, chosen: Chosen, *, is_all: bool) -> int:
    query = f"SELECT count(*) AS total {chosen[0]}"
    if is_all:
        query = "SELECT coalesce(sum(total), 0) AS total FROM campaign_counts WHERE campaign = %s"
    row = connection.execute(query, [campaign_id] if is_all else chosen[1]).fetchone()
    return int(row["total"]) if row else 0


def _speak_local_time(connection: Connection, campaign_id: str) -> None:
    zone = _campaign(connection, campaign_id)["settings"]["time_zone"]
    try:
        connection.execute("SELECT set_config('timezone', %s, true)", [zone])
    except psycopg.DataError as error:
        raise ZoneUnknown(zone) from error


def _stop(connection: Connection) -> None:
    """End a query that may still run: nobody reads its rows any more."""
    if connection.info.transaction_status is psycopg.pq.TransactionStatus.ACTIVE:
        with suppress(psycopg.Error):  # the server is away, or hears of it when the connection is closed
            connection.cancel_safe(timeout=CANCEL_S)
    connection.close()


def _view_version(connection: Connection) -> int:
    """Which tables the names mean: a snapshot does not hold on to names, and would find a newer version empty."""
    row = connection.execute("SELECT to_regclass('campaigns')::oid::bigint AS version").fetchone()
    return int(row["version"] or 0) if row else 0


def _campaign(connection: Connection, campaign_id: str) -> Row:
    found = connection.execute("SELECT * FROM campaigns WHERE campaign = %s", [campaign_id]).fetchone()
    if found is None:
        raise CampaignUnknown(campaign_id)
    return found
