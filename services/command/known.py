"""Commands that were answered already: the same id gets the same answer again, for at least a day."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

REMEMBERED_US: Final = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class KnownCommand:
    """The request's hash and the fields of its CommandResult."""

    request_hash: bytes
    result: Mapping[str, Any]


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

    def remember(self, result: Mapping[str, Any]) -> None:
        """Keep one CommandResult; the first answer of an id stays the answer."""
        key = (result["stream"], result["command_id"])
        self._known.setdefault(key, KnownCommand(result["request_hash"], result))

    def forget_before(self, now_us: int) -> None:
        """Drop what was decided more than a day before `now_us`."""
        while self._known:
            key, oldest = next(iter(self._known.items()))
            if oldest.result["decided_us"] >= now_us - REMEMBERED_US:
                return
            del self._known[key]
