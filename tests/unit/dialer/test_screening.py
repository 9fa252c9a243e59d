"""Who comes onto a list is found among those who wait for a later call, in looks of bounded cost."""

from collections.abc import Sequence

import pytest

from outdial.donotcall import commands as c
from outdial.donotcall.numbers import number_of
from services.dialer import screening
from services.dialer.do_not_call import ListsUnread
from services.dialer.phones import Phones
from services.dialer.screening import Screening
from tests.kit.campaign import Campaign, ready
from tests.kit.dialer_twin import Twin, record_of
from tests.kit.donotcall import Listed, adding


def phone(record: int) -> str:
    return f"+9198{record:08d}"


class Site(Twin):
    """A running campaign of ten records that all wait for a call an hour later, and one list."""

    def __init__(self, campaign: Campaign | None = None) -> None:
        if campaign is None:
            campaign = ready(0)
            campaign.upload(10, block_id="people")
            campaign.start()
            campaign.dial("NoAnswer", *range(1, 11))
        super().__init__(campaign)
        self.blocks.put("people", [phone(record) for record in range(1, 11)])
        self.listed = Listed(created=False)
        self.screening = Screening(Phones(self.blocks.persons()), self.parts.do_not_call)
        self._told = 0
        self.carry_out(c.CreateDoNotCallList("National register"))

    def carry_out(self, command: c.Command, hashes: Sequence[int] = ()) -> None:
        self.listed.accept(command, hashes)
        for place, (event, at_us) in list(enumerate(self.listed.history, 1))[self._told :]:
            self.fold.take(record_of(event, "dnc:national", (place, place), at_us))
            self._told = place

    def put(self, *records: int) -> None:
        """The numbers of these records come onto the list."""
        phones, block = [phone(record) for record in records], f"listed-{self._told}"
        self.blocks.put(block, phones)
        self.carry_out(adding(len(records), block_id=block), [number_of(one) for one in phones])

    async def look(self) -> list[int] | None:
        found = await self.screening.look(self.fold)
        return None if found is None else found[1]

    async def looks(self) -> list[int]:
        """What is found until nothing is left to do."""
        found: list[int] = []
        while (more := await self.look()) is not None:
            found += more
        return found


async def test_who_is_listed_while_waiting_is_found_and_nobody_else() -> None:
    site = Site()
    site.put(3, 7)

    assert await site.screening.look(site.fold) == ("spring", [3, 7])
    assert await site.look() is None


async def test_a_list_that_changes_is_looked_at_anew_and_only_then() -> None:
    site = Site()
    assert await site.looks() == []
    reads = len(site.blocks.reads)
    assert await site.look() is None
    assert len(site.blocks.reads) == reads

    site.put(4)

    assert await site.looks() == [4]


async def test_a_look_is_bounded_in_records_and_misses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "MOST", 4)
    site = Site()
    site.put(1, 2, 5, 10)

    assert [await site.look() for _ in range(3)] == [[1, 2], [5], [10]]
    assert await site.look() is None


async def test_a_look_is_bounded_in_blocks_where_each_has_few_records() -> None:
    campaign = ready(0)
    for record in range(1, 11):
        campaign.upload(1, f"u{record}", block_id=f"block-{record}")
    campaign.start()
    site = Site(campaign)
    for record in range(1, 11):
        site.blocks.put(f"block-{record}", [phone(record)])
    site.put(1, 4, 5, 10)

    assert [await site.look() for _ in range(3)] == [[1, 4], [5], [10]]
    assert await site.look() is None


async def test_who_is_listed_behind_the_walk_is_found_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "MOST", 5)
    site = Site()
    site.put(9)
    assert await site.look() == []

    site.put(1)

    assert await site.looks() == [9, 1, 9]  # it is still there: nobody excludes it here


async def test_what_cannot_be_read_is_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screening, "MOST", 5)
    site = Site()
    site.put(3)
    site.blocks.away = True
    with pytest.raises((TimeoutError, ListsUnread)):
        await site.look()

    site.blocks.away = False

    assert await site.looks() == [3]


async def test_campaigns_that_do_not_dial_are_left_alone() -> None:
    campaign = ready(0)
    campaign.upload(10, block_id="people")
    site = Site(campaign)
    site.put(3)

    assert await site.look() is None
