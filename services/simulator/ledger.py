"""The durable ledger: every ask and every call in SQLite, committed together with a synced write before any answer."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS asks (
    seq INTEGER PRIMARY KEY, asked_us INTEGER NOT NULL, call_id TEXT NOT NULL, attempt_id TEXT NOT NULL,
    answer TEXT NOT NULL, is_first INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS calls (
    call_id TEXT PRIMARY KEY, attempt_id TEXT NOT NULL, grp TEXT NOT NULL, answer TEXT NOT NULL,
    placed_us INTEGER NOT NULL, outcome TEXT NOT NULL, ring_us INTEGER NOT NULL, answer_us INTEGER NOT NULL,
    connect_us INTEGER NOT NULL, hangup_us INTEGER NOT NULL, cause INTEGER NOT NULL, sip_code INTEGER NOT NULL,
    agent TEXT NOT NULL, answered_by TEXT NOT NULL, hung_up_by TEXT NOT NULL,
    disposition TEXT NOT NULL, disposition_us INTEGER NOT NULL, callback_us INTEGER NOT NULL,
    end_due INTEGER NOT NULL, disposition_due INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_due ON calls (call_id) WHERE end_due OR disposition_due;
CREATE INDEX IF NOT EXISTS calls_up ON calls (hangup_us) WHERE end_due;
CREATE TABLE IF NOT EXISTS listeners (grp TEXT PRIMARY KEY, url TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One ask and what is known of its call now. `answer`: placed, late, busy or void. `is_first` is false for a
    repetition, which dials nobody. `outcome` and `hangup_us` are empty and 0 while the call is up."""

    seq: int
    asked_us: int
    call_id: str
    attempt_id: str
    answer: str
    is_first: bool
    placed_us: int
    hangup_us: int
    outcome: str


class Ledger:
    """Work is run one after the other in a thread; what has gathered meanwhile shares one commit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._news = asyncio.Event()
        self.running: asyncio.Task[None] | None = None  # ends when the disk fails

    async def start(self) -> None:
        """Open the file, made if missing; what was committed before a crash is there."""
        self._connection = await asyncio.to_thread(open_ledger, self._path)
        self.running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End; work that waits is not done."""
        if self.running is not None:
            self.running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.running
        self._connection.close()

    async def run(self, work: Work[T]) -> T:
        """Do the work and return its answer once it is on the disk."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        self._news.set()
        return await future

    async def _run(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._waiting = self._waiting, []
            if not batch:
                continue
            try:
                answers = await asyncio.shield(asyncio.to_thread(self._commit, [work for work, _ in batch]))
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                if isinstance(error, sqlite3.Error):
                    raise
                continue  # a bad request; its transaction is rolled back, those who shared it ask again
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    def _commit(self, batch: list[Work[Any]]) -> list[Any]:
        with transaction(self._connection):
            return [work(self._connection) for work in batch]


def open_ledger(path: Path) -> sqlite3.Connection:
    """A connection that may be used from one thread at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(SCHEMA)
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def entries(connection: sqlite3.Connection, after: int, limit: int, now_us: int) -> list[Entry]:
    """Asks in order, those behind `after`."""
    rows = connection.execute(
        "SELECT seq, asked_us, a.call_id, a.attempt_id, a.answer, is_first, c.placed_us, c.hangup_us, c.outcome"
        " FROM asks a JOIN calls c USING (call_id) WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    )
    return [_entry(row, now_us) for row in rows]


def _entry(row: tuple[Any, ...], now_us: int) -> Entry:
    seq, asked_us, call_id, attempt_id, answer, is_first, placed_us, hangup_us, outcome = row
    is_over = answer == "placed" and hangup_us <= now_us
    return Entry(
        seq,
        asked_us,
        call_id,
        attempt_id,
        answer,
        bool(is_first),
        placed_us,
        hangup_us if is_over else 0,
        outcome if is_over else "",
    )
