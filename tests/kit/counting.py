"""A toy rule for the log's own tests: each command counts its stream up; an event says the new count."""

import json
from collections.abc import Sequence

from outdial.eventlog.ports import Decision, IntegrityError, LogRecord, Message


class CountingDecider:
    """Events are contiguous per stream from 1; a command id counts once."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.counts: dict[str, int] = {}
        self.answers: dict[str, bytes] = {}
        self.prepared: list[int] = []

    def load_event(self, record: LogRecord) -> None:
        stream, count, command_id = json.loads(record.value or b"")
        if count != self.counts.get(stream, 0) + 1:
            raise IntegrityError(
                f"{stream} has {self.counts.get(stream, 0)}, read {count} at {record.offset}"
            )
        self.counts[stream] = count
        self.answers[command_id] = record.value or b""

    def load_result(self, record: LogRecord) -> None:
        command_id = json.loads(record.value or b"")[2]
        self.answers[command_id] = record.value or b""

    def opened(self, now_us: int) -> None:
        self.prepared.clear()

    async def prepare(self, records: Sequence[LogRecord]) -> None:
        self.prepared += [record.offset for record in records]

    def handle(self, record: LogRecord, now_us: int) -> Decision:
        assert record.offset in self.prepared
        stream, command_id = json.loads(record.value or b"")
        if (known := self.answers.get(command_id)) is not None:
            return Decision(results=[Message(record.key, known)])
        self.counts[stream] = self.counts.get(stream, 0) + 1
        value = json.dumps([stream, self.counts[stream], command_id]).encode()
        self.answers[command_id] = value
        return Decision(events=[Message(record.key, value)], results=[Message(record.key, value)])

    async def chores(self, now_us: int) -> Decision | None:
        return None


def counting_command(stream: str, command_id: str) -> Message:
    return Message(stream.encode(), json.dumps([stream, command_id]).encode())
