"""What an odd file is: how it is made, and what must come of it, a refusal or a receipt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Make = Callable[[Path], Path]


@dataclass(frozen=True, slots=True)
class OddFile:
    """`code`: why the whole file is refused, and a word that its text must have; or else what was read.

    `faults` are row codes by Excel's row number, duplicates too; `records` the phone and name of some rows.
    """

    make: Make
    code: str = ""
    says: str = ""
    valid: int = 0
    faults: Mapping[int, str] = field(default_factory=dict)
    records: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()


def refused(code: str, make: Make, says: str = "") -> OddFile:
    """A file that is refused as a whole."""
    return OddFile(make, code, says)


def taken(
    make: Make, valid: int = 1, faults: Mapping[int, str] | None = None, *records: tuple[str, str]
) -> OddFile:
    """A file whose every row is accounted for."""
    return OddFile(make, valid=valid, faults=faults or {}, records=records)


def of_bytes(content: bytes) -> Make:
    """A file of these bytes."""

    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make
