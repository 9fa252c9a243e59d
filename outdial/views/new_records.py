"""The rows of an upload's chunk as lines of PostgreSQL's COPY, made column by column.

Escapes: PostgreSQL documentation, COPY, "Text Format": backslash, tab, newline and carriage return.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from json import JSONEncoder
from operator import eq
from typing import Final, TypeVar

from outdial.campaign.events import RecordsAdded
from outdial.messages.persons import PersonsBlock
from outdial.views.columns import filled, storable_texts

_ESCAPES: Final = {ord("\\"): "\\\\", ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"}
T = TypeVar("T")
_QUOTED: Final = JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class NewRecords:
    """Records of one chunk. `lines` are their rows of the table `records`, in the order of its columns."""

    campaign: str
    numbers: Sequence[int]
    created_us: int
    lines: str

    @property
    def state_lines(self) -> str:
        """Their rows of `record_states`: campaign, record, updated_us."""
        (campaign,) = copied([self.campaign])
        return "".join(f"{campaign}\t{number}\t{self.created_us}\n" for number in self.numbers)


def new_records(campaign: str, event: RecordsAdded, block: PersonsBlock, created_us: int) -> NewRecords:
    """What a chunk adds; a row that is erased already is left out."""
    count = len(event.row)
    there, people = _places(event.block_row or range(count), block)
    numbers = [event.first_record + place for place in there]

    def column(values: Sequence[int], default: int) -> Iterable[str]:
        return map(str, _picked(filled(values, count, default), there))

    def texts(values: Sequence[str]) -> Sequence[str]:
        return copied(storable_texts(_picked(filled(values, count, ""), there)))

    def personal(values: Sequence[str]) -> Sequence[str]:
        return copied(storable_texts(_picked(values, people)))

    same = copied([campaign, event.upload_id])
    columns = (
        *([same[0]] * len(there), map(str, numbers), [same[1]] * len(there), column(event.row, 0)),
        *(personal(block.phone), personal(block.name)),
        *(column(event.priority, 1), column(event.expires_us, 0)),
        *(texts(event.agent), texts(event.skill), texts(event.zone)),
        *(copied(_extra(block, people)), [str(created_us)] * len(there)),
    )
    lines = "\n".join([*map("\t".join, zip(*columns, strict=True)), ""])
    return NewRecords(campaign, numbers, created_us, lines)


def copied(values: Sequence[str]) -> Sequence[str]:
    """Texts as COPY takes them."""
    together = "".join(values)
    if not any(mark in together for mark in "\\\t\n\r"):
        return values
    return [value.translate(_ESCAPES) for value in values]


def _places(rows: Sequence[int], block: PersonsBlock) -> tuple[Sequence[int], Sequence[int]]:
    """Of the rows that are in the block: where they stand among the rows, and where in the block."""
    known = len(block.block_row)
    if all(map(eq, block.block_row, range(known))) and max(rows, default=0) < known:
        return range(len(rows)), rows  # nothing of it is erased
    found = [
        (place, in_block) for place, row in enumerate(rows) if (in_block := block.place(row)) is not None
    ]
    return [place for place, _ in found], [in_block for _, in_block in found]


def _picked(values: Sequence[T], places: Sequence[int]) -> Sequence[T]:
    if len(places) == len(values) and all(map(eq, places, range(len(values)))):
        return values
    return [values[place] for place in places]


def _extra(block: PersonsBlock, people: Sequence[int]) -> Sequence[str]:
    """The extra columns of each person as JSON."""
    if not block.columns:
        return ["{}"] * len(people)
    names = map(_QUOTED, storable_texts(block.columns))
    values = [map(_QUOTED, storable_texts(_picked(column, people))) for column in block.extra]
    pairs = [[f"{name}: {value}" for value in column] for name, column in zip(names, values, strict=True)]
    return [f"{{{', '.join(row)}}}" for row in zip(*pairs, strict=True)]
