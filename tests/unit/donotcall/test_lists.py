"""The rules of a do-not-call list: given its history, when a command comes, then these events or that refusal."""

import pytest
from pyroaring import BitMap

from outdial.campaign import record_sets
from outdial.campaign.decision import Context
from outdial.campaign.snapshot import SnapshotInvalid
from outdial.donotcall import commands as c
from outdial.donotcall import events as e
from outdial.donotcall.answers import preview
from outdial.donotcall.decide import MAX_NUMBERS
from outdial.donotcall.evolve import Unappliable, evolve
from outdial.donotcall.snapshot import fingerprint, from_bytes, to_bytes
from tests.kit.donotcall import NOON_US, Listed, adding

ATTEMPT = "spring.17.1"


def names(events: list[e.Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_list_is_created_once() -> None:
    listed = Listed(created=False)

    assert listed.accept(c.CreateDoNotCallList("National register")) == [
        e.DoNotCallListCreated("National register")
    ]
    assert listed.accept(c.CreateDoNotCallList("National register")) == []
    assert listed.reject(c.CreateDoNotCallList("Another name")).code == "list-exists"


@pytest.mark.parametrize(("list_id", "name"), [("Big List", "x"), ("", "x"), ("a" * 65, "x"), ("x", " ")])
def test_a_list_has_an_id_of_plain_letters_and_a_name(list_id: str, name: str) -> None:
    assert Listed(list_id, created=False).reject(c.CreateDoNotCallList(name)).code == "request-invalid"


def test_nothing_is_put_on_or_taken_off_a_list_that_nobody_created() -> None:
    listed = Listed(created=False)

    assert listed.reject(adding(1), [7]).code == "list-unknown"
    assert listed.reject(c.RemoveFromDoNotCall([1])).code == "list-unknown"
    assert listed.reject(c.ClearDoNotCallList(0)).code == "list-unknown"


def test_the_list_of_wishes_from_calls_comes_with_its_first_number() -> None:
    listed = Listed("internal", created=False)

    assert names(listed.add(7, attempt_id=ATTEMPT)) == ["DoNotCallListCreated", "NumbersAdded"]
    assert names(listed.add(8, attempt_id="spring.18.1")) == ["NumbersAdded"]


def test_numbers_become_entries_in_the_order_of_their_rows() -> None:
    listed = Listed()
    listed.add(7, 8, 9)

    (added,) = listed.add(10, 11, source="october.csv")

    assert isinstance(added, e.NumbersAdded)
    assert (added.first_entry, list(added.block_row), added.duplicate) == (4, [0, 1], 0)
    assert (added.source, len(added.commitment)) == ("october.csv", 2)
    assert list(listed.state.entries) == [1, 2, 3, 4, 5]


def test_numbers_that_are_on_the_list_or_twice_in_a_block_are_counted_and_not_doubled() -> None:
    listed = Listed()
    listed.add(7, 8)

    (added,) = listed.add(8, 9, 9, 10)

    assert isinstance(added, e.NumbersAdded)
    assert (list(added.block_row), added.duplicate) == ([1, 3], 2)
    assert listed.answer.details == {"added": 2, "duplicate": 2}
    assert len(listed.state.entries) == 4


def test_a_block_of_known_numbers_changes_nothing() -> None:
    listed = Listed()
    listed.add(7, 8)

    assert listed.add(7, 8) == []
    assert (listed.answer.changed, listed.answer.details) == (False, {"added": 0, "duplicate": 2})


def test_the_wish_of_a_call_is_carried_out_once_for_ever() -> None:
    listed = Listed()
    assert len(listed.add(7, attempt_id=ATTEMPT)) == 1
    listed.accept(c.RemoveFromDoNotCall([1]))

    assert listed.add(7, attempt_id=ATTEMPT) == []
    assert not listed.state.entries


def test_the_wish_of_a_call_is_recorded_although_the_number_is_on_the_list() -> None:
    listed = Listed()
    listed.add(7)

    (added,) = listed.add(7, attempt_id=ATTEMPT)

    assert isinstance(added, e.NumbersAdded)
    assert (added.block_id, list(added.block_row), added.attempt_id) == ("", [], ATTEMPT)
    assert len(listed.state.chunks) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"block_row": [0, 2], "commitment": [bytes(16)] * 2},
        {"block_row": [], "commitment": []},
        {"block_row": range(501), "commitment": [bytes(16)] * 501},
        {"commitment": [bytes(15)]},
        {"commitment": []},
        {"block_id": ""},
        {"source": "a\nb"},
        {"attempt_id": "spring"},
    ],
    ids=str,
)
def test_nothing_odd_gets_in(changes: dict[str, object]) -> None:
    assert Listed().reject(adding(1, **changes), [7]).code == "request-invalid"


def test_a_list_has_an_end() -> None:
    listed = Listed()
    listed.state.size = MAX_NUMBERS

    assert listed.reject(adding(2), [7, 8]).code == "too-many-numbers"


def test_entries_are_taken_off_and_what_is_not_there_is_passed_over() -> None:
    listed = Listed()
    listed.add(7, 8, 9)

    (removed,) = listed.accept(c.RemoveFromDoNotCall([2, 9]), command_id="off")

    assert isinstance(removed, e.NumbersRemoved)
    assert (removed.command_id, list(record_sets.from_bytes(removed.entries)), removed.affected) == (
        "off",
        [2],
        1,
    )
    assert listed.accept(c.RemoveFromDoNotCall([2])) == []


def test_a_number_that_was_taken_off_can_be_put_on_again() -> None:
    listed = Listed()
    listed.add(7)
    listed.accept(c.RemoveFromDoNotCall([1]))

    (added,) = listed.add(7)

    assert isinstance(added, e.NumbersAdded)
    assert (added.first_entry, added.duplicate) == (2, 0)


def test_a_list_is_cleared_only_by_whoever_knows_how_many_numbers_it_has() -> None:
    listed = Listed()
    listed.add(7, 8)

    assert listed.reject(c.ClearDoNotCallList()).details == {"affected": 2}
    assert listed.reject(c.ClearDoNotCallList(1)).code == "count-changed"
    assert names(listed.accept(c.ClearDoNotCallList(2))) == ["NumbersRemoved"]
    assert not listed.state.entries


def test_numbers_are_erased_when_every_holder_has_confirmed_and_their_blocks_are_forgotten() -> None:
    listed = Listed()
    listed.add(7, 8)
    listed.accept(c.RemoveFromDoNotCall([1, 2]), command_id="off")

    assert names(listed.accept(c.ConfirmErasure("off", "log"))) == ["ErasureConfirmed"]
    assert listed.accept(c.ConfirmErasure("off", "log")) == []
    assert len(listed.state.chunks) == 1
    assert names(listed.accept(c.ConfirmErasure("off", "view:3"))) == ["ErasureConfirmed", "NumbersErased"]
    assert (listed.state.chunks, listed.state.erasures) == ([], {})


def test_a_block_with_a_number_that_is_still_listed_is_kept() -> None:
    listed = Listed()
    listed.add(7, 8)
    listed.accept(c.RemoveFromDoNotCall([1]), command_id="off")
    for holder in ("log", "view"):
        listed.accept(c.ConfirmErasure("off", holder))

    assert len(listed.state.chunks) == 1


def test_a_dry_run_tells_and_changes_nothing() -> None:
    listed = Listed()
    listed.add(7, 8)
    before = fingerprint(listed.state)
    context = Context(NOON_US, "dry")

    told = preview(listed.state, c.ClearDoNotCallList(), context)

    assert getattr(told, "affected", None) == 2
    assert fingerprint(listed.state) == before


def test_replays_and_snapshots_give_the_same_state_byte_for_byte() -> None:
    listed = Listed()
    listed.add(7, 8, 8)
    listed.add(8, 9, attempt_id=ATTEMPT)
    listed.accept(c.RemoveFromDoNotCall([2]))

    assert fingerprint(listed.replayed()) == fingerprint(listed.state)
    assert fingerprint(from_bytes(to_bytes(listed.state))) == fingerprint(listed.state)
    with pytest.raises(SnapshotInvalid):
        from_bytes(to_bytes(listed.state)[:-1])


def test_what_no_history_of_ours_holds_is_not_folded() -> None:
    with pytest.raises(Unappliable):
        evolve(Listed().state, e.DoNotCallListCreated("again"), NOON_US)
    with pytest.raises(Unappliable):
        evolve(Listed().state, e.NumbersAdded("b", 0, 9, 0, [0], [bytes(16)]), NOON_US)
    with pytest.raises(Unappliable):
        evolve(Listed().state, e.NumbersRemoved("off", b"nothing", 1), NOON_US)


def test_a_million_numbers_are_one_small_state() -> None:
    listed = Listed()
    for block in range(2000):
        first = 1 + block * 500
        event = e.NumbersAdded("b", 0, first, 0, range(500), [])
        listed.state = evolve(listed.state, event, NOON_US)

    assert listed.state.entries == BitMap(range(1, 1_000_001))
    assert len(to_bytes(listed.state)) < 200_000
