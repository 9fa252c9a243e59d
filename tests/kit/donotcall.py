"""Given/when/then for a do-not-call list: every command and event goes through its Avro schema, as in production."""

from collections.abc import Sequence
from typing import Any

from outdial.campaign.decision import Context, Rejection
from outdial.campaign.phones import PhoneIndex
from outdial.campaign.preview import Answer
from outdial.campaign.wire import to_fields
from outdial.donotcall import commands as c
from outdial.donotcall import events as e
from outdial.donotcall.answers import answer
from outdial.donotcall.decide import decide
from outdial.donotcall.evolve import evolve
from outdial.donotcall.snapshot import fingerprint
from outdial.donotcall.state import DoNotCallList, initial
from outdial.donotcall.wire import from_fields
from outdial.messages.codec import Codec

NOON_US = 1_764_072_000_000_000
CODEC = Codec()


class Listed:
    """One list under test, with the writer's index of its numbers."""

    def __init__(self, list_id: str = "national", *, created: bool = True) -> None:
        self.state = initial(f"dnc:{list_id}")
        self.index = PhoneIndex()
        self.now_us = NOON_US
        self.history: list[tuple[e.Event, int]] = []
        self.answer = Answer(0, False, "")
        self._commands = 0
        if created:
            self.accept(c.CreateDoNotCallList("National register"))

    def accept(self, command: c.Command, hashes: Sequence[int] = (), command_id: str = "") -> list[e.Event]:
        """Decide and apply; returns the events as a reader of the log sees them."""
        decided = self.decide(command, hashes, command_id)
        assert not isinstance(decided, Rejection), (command, decided)
        self.answer = answer(self.state, command, decided)
        return [self._apply(event, hashes) for event in decided]

    def reject(self, command: c.Command, hashes: Sequence[int] = ()) -> Rejection:
        """Decide; the command must be refused, and the state must be what it was."""
        before = fingerprint(self.state)
        decided = self.decide(command, hashes)
        assert isinstance(decided, Rejection), (command, decided)
        assert fingerprint(self.state) == before
        return decided

    def decide(
        self, command: c.Command, hashes: Sequence[int] = (), command_id: str = ""
    ) -> Sequence[e.Event] | Rejection:
        """Decide only."""
        self._commands += 1
        self.now_us += 1000
        context = Context(
            self.now_us,
            command_id or f"command-{self._commands}",
            phone_hashes=hashes,
            phone_owner=self.index,
        )
        return decide(self.state, read_back(command), context)

    def add(self, *hashes: int, **changes: Any) -> list[e.Event]:
        """Put numbers on the list, which are known by their hashes here."""
        return self.accept(adding(len(hashes), **changes), hashes)

    def replayed(self) -> DoNotCallList:
        """The state that the history gives to somebody who reads it from the start."""
        state = initial(self.state.stream)
        for event, at_us in self.history:
            state = evolve(state, event, at_us)
        return state

    def _apply(self, event: e.Event, hashes: Sequence[int]) -> e.Event:
        read: e.Event = read_back(event)
        self.history.append((read, self.now_us))
        self.state = evolve(self.state, read, self.now_us)
        if isinstance(read, e.NumbersAdded):
            self.index.add_all((hashes[row] for row in read.block_row), read.first_entry)
        return read


def adding(count: int, **changes: Any) -> c.AddToDoNotCall:
    """The command for so many rows of one block."""
    return c.AddToDoNotCall(
        **{
            "block_id": "dnc:national/u1/0/r",
            "block_offset": 5,
            "block_row": range(count),
            "commitment": [bytes([row % 256] * 16) for row in range(count)],
            **changes,
        }
    )


def read_back(message: Any) -> Any:
    """The message as its reader has it."""
    name = type(message).__name__
    return from_fields(name, CODEC.decode(CODEC.encode(f"outdial.{name}", to_fields(message)))[1])
