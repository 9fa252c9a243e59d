"""Commands that were answered already: the same id gets the same answer again, for at least a day."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

REMEMBERED_US: Final = 24 * 3600 * 1_000_000


class KnownCommand(NamedTuple):
    """The request's hash, and its CommandResult as it was encoded: a day of them has to fit into memory."""

    request_hash: bytes
    decided_us: int
    result: bytes


class KnownCommands:
    """By (stream, command id); in order of decision, so that the oldest are forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], KnownCommand] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[KnownCommand]:
        return iter(self._known.values())

    def find(self, stream: str, command_id: str) -> KnownCommand | None:
        """The answer given before, if it is still known."""
        return self._known.get((stream, command_id))

    def remember(self, fields: Mapping[str, Any], result: bytes) -> None:
        """Keep one CommandResult, given as fields and encoded; the first answer of an id stays the answer."""
        known = KnownCommand(fields["request_hash"], fields["decided_us"], result)
        self._known.setdefault((fields["stream"], fields["command_id"]), known)

    def forget_before(self, now_us: int) -> None:
        """Drop what was decided more than a day before `now_us`."""
        while self._known:
            key, oldest = next(iter(self._known.items()))
            if oldest.decided_us >= now_us - REMEMBERED_US:
                return
            del self._known[key]
