"""The result of a run of the harness as a table: for the terminal and for docs/reliability.md."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from tests.faults.outcome import Outcome

HEADS: Final = ("fault", "runs", "hit", "missed", "violations", "recovery p50 s", "max s")
Row = Sequence[str]


def rows(outcomes: Mapping[str, Sequence[Outcome]]) -> list[Row]:
    """One line a fault. `runs` are injections, `hit` are faults that met an active path, one or many a run."""
    return [_row(name, found) for name, found in outcomes.items()]


def _row(name: str, found: Sequence[Outcome]) -> Row:
    hits = [one for one in found if one.is_hit]
    times = [one.hit.recovery_s for one in hits if one.hit.recovery_s]
    return (
        name,
        str(len(found)),
        str(sum(one.hit.times for one in hits)),
        str(len(found) - len(hits)),
        str(sum(len(one.findings) for one in found)),
        f"{median(times):.1f}" if times else "",
        f"{max(times):.1f}" if times else "",
    )


def text(heads: Row, lines: Iterable[Row]) -> str:
    """Columns for a terminal."""
    table = [heads, *lines]
    widths = [max(len(line[at]) for line in table) for at in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table
    )


def markdown(heads: Row, lines: Iterable[Row]) -> str:
    """The same for a document."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *lines))
