"""Blocks of erasable personal data: their ids, their bytes, and what is left of one after an erasure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from outdial.messages.codec import Codec, Undecodable
from outdial.messages.commitment import SALT_LENGTH, commitments

SCHEMA: Final = "outdial.PersonsBlock"
MAX_ROWS: Final = 500
MAX_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class PersonsBlock:
    """At most 500 rows in columns.

    kind: `records` fills phone, name and extra, one list of values per name of `columns`; `rejected` fills cells,
    whose names are `columns`; `comment` fills cells.
    """

    stream: str
    upload_id: str
    kind: str
    block_row: Sequence[int]
    salt: Sequence[bytes]
    phone: Sequence[str] = ()
    name: Sequence[str] = ()
    columns: Sequence[str] = ()
    extra: Sequence[Sequence[str]] = ()
    cells: Sequence[Sequence[str]] = ()
    _place: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    def place(self, block_row: int) -> int | None:
        """Where a row of the block stands in the columns; None when it was erased."""
        if not self._place and self.block_row:
            self._place.update((row, place) for place, row in enumerate(self.block_row))
        return self._place.get(block_row)

    def commitments(self) -> list[bytes]:
        """The commitment of every row that is left, 16 bytes each."""
        extra = dict(zip(self.columns, self.extra, strict=True))
        return commitments(self.salt, self.phone, self.name, extra)


def block_id(stream: str, upload_id: str, block: int, random: str) -> str:
    """The key of a block: `stream/upload/block/random`."""
    return f"{stream}/{upload_id}/{block}/{random}"


def stream_of(block: str) -> str:
    """The stream that a block id belongs to."""
    return block.split("/", 1)[0]


def encode_block(codec: Codec, block: PersonsBlock) -> bytes:
    """Frame one block."""
    return codec.encode(SCHEMA, {f.name: getattr(block, f.name) for f in fields(block) if f.name[0] != "_"})


def decode_block(codec: Codec, value: bytes) -> PersonsBlock:
    """Read one block; Undecodable when it is none or its columns differ in length."""
    name, found = codec.decode(value)
    if name != SCHEMA:
        raise Undecodable(f"{name} is no block of personal data")
    block = PersonsBlock(**found)
    _check(block)
    return block


def without_rows(block: PersonsBlock, rows: Collection[int]) -> PersonsBlock | None:
    """The block after an erasure of these rows; None when nothing is left of it."""
    left = [place for place, row in enumerate(block.block_row) if row not in rows]
    if not left:
        return None

    def keep(column: Sequence[Any]) -> list[Any]:
        return [column[place] for place in left] if column else []

    return PersonsBlock(
        stream=block.stream,
        upload_id=block.upload_id,
        kind=block.kind,
        block_row=keep(block.block_row),
        salt=keep(block.salt),
        phone=keep(block.phone),
        name=keep(block.name),
        columns=block.columns,
        extra=[keep(values) for values in block.extra],
        cells=keep(block.cells),
    )


def _check(block: PersonsBlock) -> None:
    rows = len(block.block_row)
    columns: list[Sequence[Any]] = [block.salt, *block.extra]
    columns += [block.phone, block.name] if block.kind == "records" else [block.cells]
    is_named = block.kind != "records" or len(block.columns) == len(block.extra)
    if any(len(column) != rows for column in columns) or not is_named:
        raise Undecodable("the columns of a block differ in length")
    if any(len(salt) != SALT_LENGTH for salt in block.salt):
        raise Undecodable(f"a salt is not {SALT_LENGTH} bytes long")
