"""Whom not to call, at the instant of the call: numbers of every list, and wishes that no list holds yet."""

import asyncio
import logging
from collections.abc import Mapping

from outdial.campaign.attempt_id import AttemptId
from services.dialer.fold import Fold
from services.dialer.list_fold import Unread
from services.dialer.metrics import Metrics
from services.dialer.person_blocks import PersonBlocks
from services.dialer.phones import Phones

log = logging.getLogger(__name__)


class ListsUnread(Exception):
    """A list is not known to its end: nobody may be called."""


class DoNotCall:
    """What the fold knows, with the numbers themselves."""

    def __init__(self, fold: Fold, phones: Phones, blocks: PersonBlocks, metrics: Metrics) -> None:
        self._fold, self._lists, self._phones, self._blocks = fold, fold.lists, phones, blocks
        self._metrics = metrics
        self._reading = asyncio.Lock()
        self._is_behind = False
        self._wished: dict[str, str] = {}
        self._without_number: list[tuple[str, int]] = []

    @property
    def version(self) -> int:
        """Of all lists together."""
        return self._lists.version

    @property
    def problem(self) -> str:
        """Why nobody may be called; empty = every list is known to its end."""
        if self._lists.parked:
            return f"parked do-not-call lists: {', '.join(sorted(self._lists.parked))}"
        return "the numbers of do-not-call lists" if self._is_behind else ""

    async def among(self, phones: Mapping[int, str]) -> frozenset[int]:
        """Those whose number must not be called, as of everything that is folded. Raises ListsUnread."""
        await self.catch_up()
        if self.problem:
            raise ListsUnread(self.problem)
        keys, asked, wished = list(phones), list(phones.values()), set(self._wished.values())
        found = {key for key, phone in phones.items() if phone in wished}
        for numbers in self._lists.numbers.values():
            found.update(key for key, is_listed in zip(keys, numbers.of(asked), strict=True) if is_listed)
        return frozenset(found)

    async def wishes(self) -> Mapping[AttemptId, str]:
        """What was asked for in calls and stands on no list, with the number. Raises ListsUnread."""
        await self.catch_up()
        return {self._lists.wishes[name]: phone for name, phone in self._wished.items()}

    async def catch_up(self) -> None:
        """Read the numbers of what is folded; a standby does so too. Raises ListsUnread."""
        async with self._reading:
            try:
                await self._catch_up()
            except TimeoutError as error:
                self._is_behind = True
                raise ListsUnread(self.problem) from error
            self._is_behind = False

    async def _catch_up(self) -> None:
        self._alarm()
        while self._lists.unread:
            await self._read(self._lists.unread[0])
            self._lists.unread.popleft()
            await asyncio.sleep(0)  # a register of millions must not keep the lease and the log waiting
        for name, attempt in list(self._lists.wishes.items()):
            if name not in self._wished:
                await self._hear(name, attempt)
        for name in [one for one in self._wished if one not in self._lists.wishes]:
            del self._wished[name]

    async def _read(self, unread: Unread) -> None:
        stream, chunk = unread
        block = await self._blocks.of(stream, chunk)
        phones = []
        for entry, row in enumerate(chunk.block_rows, chunk.first_record):
            stands, place = self._lists.has(stream, entry), None if block is None else block.place(row)
            phones.append(block.phone[place] if stands and block is not None and place is not None else "")
            if stands and place is None:
                self._without_number.append((stream, entry))
        self._lists.numbers[stream].put(chunk.first_record, phones)

    def _alarm(self) -> None:
        """An entry that stands without a number is a loss, unless its removal was just not folded yet."""
        lost = [(stream, entry) for stream, entry in self._without_number if self._lists.has(stream, entry)]
        self._without_number.clear()
        if lost:
            self._metrics.persons_missing.inc(len(lost))
            log.critical(
                "person-missing", extra={"stream": lost[0][0], "entries": [one for _, one in lost[:10]]}
            )

    async def _hear(self, name: str, attempt: AttemptId) -> None:
        state = self._fold.get(attempt.campaign_id)
        if state is None:
            return  # parked: the wish stands until somebody has mended it
        found = await self._phones.of(state, [attempt.record])
        if attempt.record not in found:
            log.warning("who asked not to be called was deleted", extra={"attempt": name})
            self._lists.wishes.pop(name, None)
        elif name in self._lists.wishes:
            self._wished[name] = found[attempt.record]
