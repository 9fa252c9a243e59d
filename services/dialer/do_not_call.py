"""Whom not to call, at the instant of the call: numbers of every list, and wishes that no list holds yet."""

import asyncio
import logging
from collections.abc import Mapping

from outdial.campaign.attempt_id import AttemptId
from services.dialer.fold import Fold
from services.dialer.list_fold import Unread
from services.dialer.person_blocks import PersonBlocks
from services.dialer.phones import Phones

log = logging.getLogger(__name__)


class DoNotCall:
    """What the fold knows, with the numbers themselves."""

    def __init__(self, fold: Fold, phones: Phones, blocks: PersonBlocks) -> None:
        self._fold, self._lists, self._phones, self._blocks = fold, fold.lists, phones, blocks
        self._reading = asyncio.Lock()
        self._wished: dict[str, str] = {}

    @property
    def version(self) -> int:
        """Of all lists together."""
        return self._lists.version

    async def among(self, phones: Mapping[int, str]) -> frozenset[int]:
        """Those whose number must not be called, as of everything that is folded.

        Raises TimeoutError when a list cannot be read: nobody may be called then.
        """
        async with self._reading:
            await self._catch_up()
        keys, asked, wished = list(phones), list(phones.values()), set(self._wished.values())
        found = {key for key, phone in phones.items() if phone in wished}
        for numbers in self._lists.numbers.values():
            found.update(key for key, is_listed in zip(keys, numbers.of(asked), strict=True) if is_listed)
        return frozenset(found)

    async def wishes(self) -> Mapping[AttemptId, str]:
        """What was asked for in calls and stands on no list, with the number. Raises TimeoutError."""
        async with self._reading:
            await self._catch_up()
        return {self._lists.wishes[name]: phone for name, phone in self._wished.items()}

    async def _catch_up(self) -> None:
        while self._lists.unread:
            await self._read(self._lists.unread[0])
            self._lists.unread.popleft()
        for name, attempt in list(self._lists.wishes.items()):
            if name not in self._wished:
                await self._hear(name, attempt)
        for name in [one for one in self._wished if one not in self._lists.wishes]:
            del self._wished[name]

    async def _read(self, unread: Unread) -> None:
        stream, chunk = unread
        block = await self._blocks.of(stream, chunk)
        if block is None:
            return  # erased: nothing of it stands on the list
        places = [block.place(row) for row in chunk.block_rows]
        stands = (self._lists.has(stream, chunk.first_record + at) for at in range(len(places)))
        phones = [
            block.phone[place] if place is not None and is_there else ""
            for place, is_there in zip(places, stands, strict=True)
        ]
        self._lists.numbers[stream].put(chunk.first_record, phones)

    async def _hear(self, name: str, attempt: AttemptId) -> None:
        state = self._fold.get(attempt.campaign_id)
        found = await self._phones.of(state, [attempt.record]) if state is not None else {}
        if attempt.record not in found:
            log.warning("who asked not to be called was deleted", extra={"attempt": name})
            self._lists.wishes.pop(name, None)
        elif name in self._lists.wishes:
            self._wished[name] = found[attempt.record]
