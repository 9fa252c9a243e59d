"""One decode and two encodes of messages, as bare as they can be, in microseconds of CPU for each command."""

import time
from collections.abc import Sequence
from typing import Final

from outdial.eventlog.ports import LogRecord, Message
from outdial.messages.envelope import Envelope
from tests.bench.logs import CODEC

US: Final = 1_000_000


def values_us(
    commands: Sequence[Message], events: Sequence[LogRecord], results: Sequence[LogRecord]
) -> float:
    """The values of a command, of its event and of its answer."""
    told = [CODEC.decode(record.value or b"") for record in events]
    answers = [CODEC.decode(record.value or b"") for record in results]
    began = time.process_time()
    for message, event, result in zip(commands, told, answers, strict=True):
        CODEC.decode(message.value or b"")
        CODEC.encode(*event)
        CODEC.encode(*result)
    return (time.process_time() - began) / len(commands) * US


def envelopes_us(
    commands: Sequence[Message], events: Sequence[LogRecord], results: Sequence[LogRecord]
) -> float:
    """The headers of the same three."""
    told = [Envelope.of(record.headers) for record in events]
    answers = [Envelope.of(record.headers) for record in results]
    began = time.process_time()
    for message, event, result in zip(commands, told, answers, strict=True):
        Envelope.of(message.headers)
        event.headers()
        result.headers()
    return (time.process_time() - began) / len(commands) * US
