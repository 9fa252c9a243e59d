"""Nobody is called whose number is on a list at that instant, or who has just asked not to be called."""

import asyncio

import pytest

from outdial.campaign.attempt_id import AttemptId
from outdial.campaign.commands import WithdrawAttempts
from outdial.donotcall import commands as c
from outdial.donotcall import events as e
from outdial.donotcall.numbers import number_of
from outdial.eventlog.ports import IntegrityError
from services.dialer.do_not_call import ListsUnread
from tests.kit.campaign import ready
from tests.kit.dialer_twin import Twin, record_of
from tests.kit.donotcall import Listed, adding

FIRST, SECOND = "+919800000001", "+919800000002"


class Site(Twin):
    """A dialer's rooms, a running campaign of two records, and a list that somebody fills."""

    def __init__(self, list_id: str = "national") -> None:
        campaign = ready(0)
        campaign.upload(2, block_id="people")
        campaign.start()
        super().__init__(campaign)
        self.blocks.put("people", [FIRST, SECOND])
        self.listed = Listed(list_id, created=False)
        self._told = 0
        self.list_on(c.CreateDoNotCallList("National register"))

    def list_on(self, command: c.Command, *hashes: int) -> None:
        """A command to the list is carried out, and its events are folded."""
        self.listed.accept(command, hashes)
        self.tell()

    def put(self, phone: str, block_id: str = "listed", attempt_id: str = "") -> None:
        """Put one number on the list."""
        self.blocks.put(block_id, [phone])
        self.list_on(adding(1, block_id=block_id, attempt_id=attempt_id), number_of(phone))

    def tell(self, skip: int = 0) -> None:
        """Fold what the list's history has more."""
        stream = self.listed.state.stream
        for place, (event, at_us) in enumerate(self.listed.history, 1):
            if place > self._told + skip:
                self.fold.take(record_of(event, stream, (place, place), at_us))
                self._told = place

    def asks_not_to_be_called(self, record: int) -> None:
        """The call of a record ends with this wish."""
        self.writer.append(self.campaign.accept(self.campaign.claim_of(record)), "claim")
        self.writer.append(self.campaign.end("Answered", record), "end")
        self.writer.append(self.campaign.dispose(record, "Do not call"), "disposition")

    def causes(self) -> list[str]:
        commands = self.writer.sent(WithdrawAttempts)
        return [cause for one in commands if isinstance(one, WithdrawAttempts) for cause in one.cause]


async def test_who_comes_onto_a_list_between_claim_and_call_is_not_called() -> None:
    site = Site()
    site.claim()
    site.put(FIRST)
    await site.claims.stop(5.0)

    assert site.asked_for() == ["spring.2.1"]
    assert site.causes() == ["do-not-call"]


async def test_who_was_taken_off_again_is_called() -> None:
    site = Site()
    site.put(FIRST)
    assert await site.parts.do_not_call.among({1: FIRST, 2: SECOND}) == {1}

    site.list_on(c.RemoveFromDoNotCall([1]))
    await site.claimed()

    assert site.asked_for() == ["spring.1.1", "spring.2.1"]


async def test_what_was_taken_off_before_its_block_was_read_is_on_no_list() -> None:
    site = Site()
    site.put(FIRST)
    site.list_on(c.RemoveFromDoNotCall([1]))

    assert await site.parts.do_not_call.among({1: FIRST}) == set()


async def test_while_a_list_cannot_be_read_nobody_is_called() -> None:
    site = Site()
    site.put(FIRST)
    site.blocks.away = True

    await site.claimed()

    assert site.asked_for() == []
    assert site.causes() == ["lists-unread", "lists-unread"]


async def test_a_list_that_is_erased_holds_nobody() -> None:
    site = Site()
    site.put(FIRST)
    site.blocks.blocks["listed"] = None

    assert await site.parts.do_not_call.among({1: FIRST}) == set()


async def test_a_wish_counts_at_once_for_whoever_has_that_number() -> None:
    site = Site("internal")
    site.asks_not_to_be_called(1)

    assert await site.parts.do_not_call.among({7: FIRST, 8: SECOND}) == {7}
    assert await site.parts.do_not_call.wishes() == {AttemptId("spring", 1, 1): FIRST}


async def test_a_wish_that_the_internal_list_has_is_carried_out() -> None:
    site = Site("internal")
    site.asks_not_to_be_called(1)

    site.put(FIRST, attempt_id="spring.1.1")

    assert await site.parts.do_not_call.wishes() == {}
    assert await site.parts.do_not_call.among({7: FIRST}) == {7}


async def test_a_wish_that_was_carried_out_before_the_fold_heard_of_it_is_not_carried_out_again() -> None:
    site = Site("internal")
    site.put(FIRST, attempt_id="spring.1.1")

    site.asks_not_to_be_called(1)

    assert await site.parts.do_not_call.wishes() == {}


async def test_the_wish_of_somebody_who_is_deleted_is_dropped() -> None:
    site = Site("internal")
    site.asks_not_to_be_called(1)
    site.blocks.blocks["people"] = None

    assert await site.parts.do_not_call.wishes() == {}


def test_a_gap_in_a_list_is_an_alarm() -> None:
    site = Site()
    site.listed.add(1)
    site.listed.add(2)

    with pytest.raises(IntegrityError, match="dnc:national has 3, 2 follows"):
        site.tell(skip=1)


def test_an_event_that_cannot_follow_parks_its_list_and_no_campaign() -> None:
    site = Site()
    bad = e.NumbersAdded("listed", 5, first_entry=9, duplicate=0, block_row=[0], commitment=[bytes(16)])

    site.fold.take(record_of(bad, "dnc:national", (2, 99), site.now_us()))

    assert list(site.fold.lists.parked) == ["dnc:national"]
    assert site.fold.get("spring") is not None


async def test_while_a_list_is_parked_nobody_is_called_because_what_came_later_is_not_known() -> None:
    site = Site()
    bad = e.NumbersAdded("listed", 5, first_entry=9, duplicate=0, block_row=[0], commitment=[bytes(16)])
    site.fold.take(record_of(bad, "dnc:national", (2, 99), site.now_us()))

    await site.claimed()

    assert site.asked_for() == []
    assert site.causes() == ["lists-unread", "lists-unread"]
    assert site.parts.do_not_call.problem == "parked do-not-call lists: dnc:national"


async def test_a_list_that_cannot_be_read_is_told_until_it_can() -> None:
    site = Site()
    site.put(FIRST)
    site.blocks.away = True
    with pytest.raises(ListsUnread):
        await site.parts.do_not_call.catch_up()
    assert site.parts.do_not_call.problem == "the numbers of do-not-call lists"

    site.blocks.away = False

    assert await site.parts.do_not_call.among({1: FIRST}) == {1}
    assert site.parts.do_not_call.problem == ""


async def test_a_long_list_leaves_the_others_their_turns_while_it_is_read() -> None:
    site = Site()
    for number in range(5):
        site.put(f"+44207946000{number}", f"block-{number}")
    turns = 0

    async def others() -> None:
        nonlocal turns
        while site.fold.lists.unread:
            turns += 1
            await asyncio.sleep(0)

    await asyncio.gather(site.parts.do_not_call.catch_up(), others())

    assert turns >= 4


@pytest.mark.parametrize(("is_removed", "alarms"), [(False, 1), (True, 0)])
async def test_a_number_that_is_not_in_its_block_is_an_alarm_unless_it_was_taken_off(
    is_removed: bool, alarms: int
) -> None:
    site = Site()
    site.put(FIRST)
    site.blocks.blocks["listed"] = None
    await site.parts.do_not_call.catch_up()
    if is_removed:  # its event is folded a moment after its block was rewritten
        site.list_on(c.RemoveFromDoNotCall([1]))

    await site.parts.do_not_call.catch_up()
    await site.parts.do_not_call.catch_up()

    assert site.metric("outdial_dialer_persons_missing_total") == alarms


async def test_the_wish_of_a_parked_campaign_stands() -> None:
    site = Site("internal")
    site.asks_not_to_be_called(1)
    site.fold.parked["spring"] = "a bad event"

    assert await site.parts.do_not_call.wishes() == {}
    del site.fold.parked["spring"]

    assert await site.parts.do_not_call.wishes() == {AttemptId("spring", 1, 1): FIRST}


def test_every_change_of_a_list_is_another_version() -> None:
    site = Site()
    before = site.parts.do_not_call.version

    site.put(FIRST)

    assert site.parts.do_not_call.version == before + 1
