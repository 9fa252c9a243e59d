"""The phone index: against a plain dictionary, by way of its bytes, and with deleted records gone."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from outdial.campaign import phones
from outdial.campaign.phones import PhoneIndex, owners

HASHES = st.sampled_from([0, 1, 2, 2**63, 2**64 - 1, 77, 78, 79])
STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove", "merge"]), HASHES), max_size=60)


@given(STEPS)
@hypothesis_settings(max_examples=200)
def test_the_first_record_that_is_left_holds_the_number(steps: list[tuple[str, int]]) -> None:
    index, model = PhoneIndex(), dict[int, int]()
    for record, (what, phone_hash) in enumerate(steps, 1):
        if what == "add":
            index.add(phone_hash, record)
            model[record] = phone_hash
        elif what == "remove":
            gone = [one for one, held in model.items() if held == phone_hash][:1]
            index.remove(gone)
            model = {one: held for one, held in model.items() if one not in gone}
        else:
            index = PhoneIndex.from_bytes(index.to_bytes())
    asked = [0, 1, 2, 2**63, 2**64 - 1, 77, 78, 79]

    expected = [min((one for one, held in model.items() if held == mark), default=None) for mark in asked]

    assert index.owners(asked) == owners(index, asked) == [index.get(mark) for mark in asked] == expected
    assert dict(index) == {
        mark: owner for mark, owner in zip(asked, expected, strict=True) if owner is not None
    }


def test_equal_content_gives_equal_bytes() -> None:
    one, other = PhoneIndex(), PhoneIndex()
    one.add_all([5, 3, 9], 1)
    for phone_hash, record in ((9, 3), (3, 2), (5, 1)):
        other.add(phone_hash, record)

    assert one.to_bytes() == other.to_bytes()


def test_many_numbers_are_merged_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "_MERGE_AT", 4)
    index = PhoneIndex()
    index.add_all(range(100, 120), 1)

    assert index.owners([100, 119, 120]) == [1, 20, None]
    assert len(index) == 20


@pytest.mark.parametrize("data", [b"", b"outdial-phones-2", b"outdial-phones-1x", b"outdial"])
def test_bytes_that_are_no_index(data: bytes) -> None:
    with pytest.raises(ValueError, match="no phone index"):
        PhoneIndex.from_bytes(data)


def test_a_plain_mapping_serves_as_index_too() -> None:
    assert owners({5: 1}, [5, 6]) == [1, None]
