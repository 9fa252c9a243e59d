"""How far the commands are carried out, as the log itself says: the last answer of a transaction names the next one.

The offset that the transaction commits to the group says the same, and is what a broker can forget: one that was
killed may tell a group of long standing that it has none (docs/decisions/2026-11-26-forgotten-offsets.md).
"""

from collections.abc import Sequence
from typing import Final

from outdial.eventlog.ports import LogRecord, Message

NEXT_COMMAND: Final = "outdial_next_command"


def with_place(results: Sequence[Message], next_command: int) -> list[Message]:
    """The answers of one transaction, the last one with the offset of the command that comes next."""
    told = list(results)
    if told:
        last = told[-1]
        told[-1] = last._replace(headers=(*last.headers, (NEXT_COMMAND, b"%d" % next_command)))
    return told


def place_of(record: LogRecord) -> int:
    """The command that comes next as this answer has it; 0 when it says nothing."""
    for name, content in record.headers:
        if name == NEXT_COMMAND and content and content.isdigit():
            return int(content)
    return 0
