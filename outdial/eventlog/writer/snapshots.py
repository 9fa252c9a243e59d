"""Local cache files of what was folded: losing one, or any doubt about it, costs a replay and nothing else."""

import json
import logging
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from outdial.eventlog.ports import Headers, LogRecord, Message

log = logging.getLogger(__name__)
MAGIC: Final = b"eventlog-snapshot-1\n"
DIGEST_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Tip:
    """The last event that was folded: where it is, and a digest that tells another log apart."""

    offset: int
    digest: str

    @classmethod
    def of(cls, offset: int, record: Message | LogRecord) -> "Tip":
        """The tip at this record."""
        return cls(offset, digest(record.key, record.value, record.headers))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A decider's state after the event at `tip`, with the answers before offset `results`; which command is next."""

    tip: Tip
    results: int
    state: bytes
    next_command: int = 0


def digest(key: bytes | None, value: bytes | None, headers: Headers) -> str:
    """SHA-256 over the parts of a record, each with its length."""
    hashed = sha256()
    for part in (key, value, *(part for name, content in headers for part in (name.encode(), content))):
        hashed.update(struct.pack(">q", -1 if part is None else len(part)) + (part or b""))
    return hashed.hexdigest()


class SnapshotFile:
    """The file of one partition: a magic line, SHA-256 of the rest, a line of JSON, the state."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.snapshot"

    def load(self) -> Snapshot | None:
        """None, with a warning, when it is damaged or of another form; None when there is none."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        body = content[len(MAGIC) + DIGEST_BYTES :]
        if content[: len(MAGIC)] != MAGIC or content[len(MAGIC) :][:DIGEST_BYTES] != sha256(body).digest():
            self.ignore("it is damaged, or of another version")
            return None
        line, _, state = body.partition(b"\n")
        head = json.loads(line)
        tip = Tip(head["offset"], head["digest"])
        return Snapshot(tip, head["results"], state, head.get("next_command", 0))

    def save(self, snapshot: Snapshot) -> None:
        """Replace the file; a crash leaves the former one."""
        tip = snapshot.tip
        head = {
            "offset": tip.offset,
            "digest": tip.digest,
            "results": snapshot.results,
            "next_command": snapshot.next_command,
        }
        body = json.dumps(head).encode() + b"\n" + snapshot.state
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(MAGIC + sha256(body).digest() + body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)

    def ignore(self, why: str) -> None:
        """Say why the file is not used."""
        log.warning("snapshot ignored", extra={"file": self._path.name, "why": why})


def restored(file: SnapshotFile, snapshot: Snapshot, restore: Callable[[bytes], None]) -> bool:
    """Hand the state to the decider; False, with a warning, when it does not take it (ValueError)."""
    try:
        restore(snapshot.state)
    except ValueError as error:
        file.ignore(str(error))
        return False
    return True
