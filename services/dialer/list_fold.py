"""Do-not-call lists as the log tells them: which entries stand, in which blocks, and what was asked for in calls."""

import logging
from collections import deque
from typing import Any, Final, NamedTuple

from outdial.campaign import record_sets
from outdial.campaign.attempt_id import AttemptId
from outdial.campaign.evolve import Unappliable
from outdial.campaign.state import ChunkRef
from outdial.donotcall.events import NumbersAdded, NumbersRemoved
from outdial.donotcall.evolve import evolve
from outdial.donotcall.listed import ListedNumbers
from outdial.donotcall.lists import INTERNAL, stream_of
from outdial.donotcall.state import DoNotCallList, initial
from outdial.donotcall.wire import from_fields
from outdial.eventlog.ports import IntegrityError, LogRecord
from outdial.messages.codec import Codec, Undecodable, UnknownSchema
from outdial.messages.envelope import Envelope

log = logging.getLogger(__name__)
_INTERNAL: Final = stream_of(INTERNAL)


class Unread(NamedTuple):
    """Numbers of a list that stand in a block and are not in memory yet."""

    stream: str
    chunk: ChunkRef


class ListFold:
    """Every list of the log. `unread` blocks have to be read before `numbers` are all of them.

    `wishes`: attempts in which somebody asked not to be called again, and which the internal list does not hold yet.
    """

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._states: dict[str, DoNotCallList] = {}
        self.numbers: dict[str, ListedNumbers] = {}
        self.unread: deque[Unread] = deque()
        self.wishes: dict[str, AttemptId] = {}
        self.parked: dict[str, str] = {}

    @property
    def version(self) -> int:
        """Rises with every change of any list; 0 while there is none."""
        return sum(state.sequence for state in self._states.values())

    def take(self, envelope: Envelope, record: LogRecord) -> None:
        """Fold one event of a list. Raises IntegrityError, and UnknownSchema when its schema is still to be learnt."""
        stream = envelope.subject
        if stream in self.parked:
            return
        state = self._states.get(stream) or initial(stream)
        if envelope.sequence != state.sequence + 1:
            where = f"events/{record.partition}@{record.offset}"
            raise IntegrityError(f"{where}: {stream} has {envelope.sequence}, {state.sequence + 1} follows")
        try:
            name, fields = self._codec.decode(record.value or b"")
            event: Any = from_fields(name.removeprefix("outdial."), fields)
            self._states[stream] = state = evolve(state, event, envelope.time_us)
        except UnknownSchema:
            raise
        except (Undecodable, Unappliable) as error:
            self.parked[stream] = str(error)
            log.critical("list parked", extra={"stream": stream, "why": str(error)})
            return
        self._note(stream, state, event)

    def wished(self, attempt: AttemptId) -> None:
        """Somebody asked in this call not to be called again."""
        internal = self._states.get(_INTERNAL)
        if internal is None or str(attempt) not in internal.attempts:
            self.wishes[str(attempt)] = attempt

    def has(self, stream: str, entry: int) -> bool:
        """Whether an entry stands on a list."""
        return self._states[stream].is_present(entry)

    def _note(self, stream: str, state: DoNotCallList, event: Any) -> None:
        numbers = self.numbers.setdefault(stream, ListedNumbers())
        if isinstance(event, NumbersAdded):
            self.wishes.pop(event.attempt_id, None)
            if event.block_row:
                self.unread.append(Unread(stream, state.chunks[-1]))
        elif isinstance(event, NumbersRemoved):
            numbers.drop(record_sets.from_bytes(event.entries))
