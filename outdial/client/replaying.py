"""Tells people how far a replay is: a line for each further tenth, with the time that is left."""

from collections.abc import Callable

from outdial.eventlog.replay import Progress

TENTHS = 10


def tenths(write: Callable[[str], object]) -> Callable[[Progress], None]:
    """What `replay` calls; each line goes to `write`."""
    shown = -1

    def show(progress: Progress) -> None:
        nonlocal shown
        tenth = progress.done * TENTHS // max(1, progress.total)
        if tenth != shown:
            shown = tenth
            left = "" if progress.eta_s is None else f", {progress.eta_s:.0f} s left"
            write(f"{progress.done:,} of {progress.total:,} log places read{left}\n")

    return show
