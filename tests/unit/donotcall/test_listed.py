"""Numbers in plain, whatever comes and goes: the same answers as a set of them gives."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.donotcall import listed
from outdial.donotcall.listed import ListedNumbers

NUMBERS = [f"+4420794{number:05d}" for number in range(12)]
changes = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(0, len(NUMBERS) - 1), max_size=4)), max_size=12
)


@pytest.fixture(params=[0, 3, 10_000], autouse=True, scope="module")
def loose(request: pytest.FixtureRequest) -> None:
    """Sorted at every question, now and then, or never."""
    patched = pytest.MonkeyPatch()
    patched.setattr(listed, "LOOSE", request.param)
    request.addfinalizer(patched.undo)


@given(changes)
def test_what_is_on_the_list_is_found_and_nothing_else(steps: Sequence[tuple[bool, list[int]]]) -> None:
    numbers, entries = ListedNumbers(), dict[int, str]()
    following = 1
    for is_put, chosen in steps:
        if is_put:
            new = [NUMBERS[one] for one in dict.fromkeys(chosen) if NUMBERS[one] not in entries.values()]
            numbers.put(following, new)
            entries |= dict(enumerate(new, following))
            following += len(new)
        else:
            numbers.drop(chosen)
            entries = {entry: phone for entry, phone in entries.items() if entry not in chosen}
        assert numbers.of(NUMBERS) == [phone in entries.values() for phone in NUMBERS]


def test_a_number_that_is_not_known_any_more_is_passed_over() -> None:
    numbers = ListedNumbers()
    numbers.put(1, ["", NUMBERS[0]])
    numbers.drop([1, 7])

    assert numbers.of(["", *NUMBERS[:2]]) == [False, True, False]
