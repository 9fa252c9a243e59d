"""Phone numbers come from the erasable blocks; an erased row has none."""

from outdial.messages.persons import PersonsBlock, encode_block, without_rows
from services.dialer.phones import Phones
from tests.kit.blocks import Blocks, block_of
from tests.kit.campaign import CODEC, Campaign, ready


def block(first: int, rows: int) -> PersonsBlock:
    return block_of([f"+9198{first + row:08d}" for row in range(rows)])


def two_uploads() -> Campaign:
    campaign = ready(0)
    campaign.upload(3, "u1", block_id="one", block_offset=5)
    campaign.upload(2, "u2", block_id="two", block_offset=9)
    return campaign


def phones(blocks: Blocks) -> Phones:
    return Phones(blocks.persons())


async def test_each_record_is_found_in_the_block_of_its_chunk() -> None:
    blocks = Blocks(one=encode_block(CODEC, block(1, 3)), two=encode_block(CODEC, block(4, 2)))

    found = await phones(blocks).of(two_uploads().state, [1, 3, 4, 5])

    assert found == {record: f"+9198{record:08d}" for record in (1, 3, 4, 5)}
    assert blocks.reads == [("one", 5), ("two", 9)]


async def test_a_row_or_block_that_was_erased_gives_no_number() -> None:
    left = without_rows(block(1, 3), {1})
    assert left is not None
    blocks = Blocks(one=encode_block(CODEC, left), two=None)

    found = await phones(blocks).of(two_uploads().state, [1, 2, 3, 4, 5])

    assert found.keys() == {1, 3}


async def test_a_block_that_is_rewritten_is_read_again() -> None:
    blocks = Blocks(one=encode_block(CODEC, block(1, 3)))
    reader, state = phones(blocks), two_uploads().state
    assert (await reader.of(state, [2])).keys() == {2}
    left = without_rows(block(1, 3), {1})
    assert left is not None

    blocks.blocks["one"] = encode_block(CODEC, left)

    assert (await reader.of(state, [2])).keys() == set()


async def test_a_number_that_was_never_given_has_no_block() -> None:
    assert await phones(Blocks()).of(ready(0).state, [1, 99]) == {}
